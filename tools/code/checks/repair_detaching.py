"""Repairs of the autograd graph: detached where it is kept, kept where it is cut."""

import ast

from misrun.tools.code.checks.repair_syntax import atom, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, Value, alternatives, ancestors
from misrun.tools.code.walking import unparsed, walk


def kept_without_graph(event: Event) -> tuple[Edit, ...]:
    """`total += loss.detach()`, `(loss * n).detach()`, `losses.append(loss.detach())`."""
    node = event.node.value if isinstance(event.node, ast.AugAssign) else None
    if isinstance(event.node, ast.Call) and len(event.node.args) == 1 and not event.node.keywords:
        node = event.node.args[0]
    if node is None or isinstance(node, ast.Starred | ast.Tuple | ast.List | ast.Dict):
        return ()
    return (Edit("replace", event.file, node, f"{atom(event.file, node)}.detach()"),)


def uncut(loss: Value, cut: Value) -> tuple[Edit, ...]:
    """`model(x).data` and `model(x).detach()` without the cut, where it is the only one and the rest differentiable."""
    node, site = cut.site.node if cut.site is not None else None, cut.site
    cuts = [v for leaf in alternatives(loss) for v in ancestors(leaf, 60) if v.op in DETACHING_OPS or v.op == "data"]
    if site is None or cut.op not in ("data", "detach") or any(v is not cut for v in cuts):
        return ()
    base = node
    if isinstance(base, ast.Call) and last_name(base.func) == "detach":
        base = base.func
    if not isinstance(base, ast.Attribute) or node is None:
        return ()
    if any(v.op in ("from_numpy", "tensor", "as_tensor") for leaf in alternatives(loss) for v in ancestors(leaf, 60)):
        return ()
    return (Edit("replace", site.file, node, text_of(site.file, base.value)),)


def the_loss_itself(made: Site) -> tuple[Edit, ...]:
    """`loss = torch.tensor(loss.item(), requires_grad=True)` taken out; under another name, without the new leaf."""
    call = made.node
    number = call.args[0] if isinstance(call, ast.Call) and len(call.args) == 1 else None
    if isinstance(call, ast.Call) and isinstance(number, ast.BinOp):
        return _computed_anew(made, call, number)
    taken = number.func if isinstance(number, ast.Call) and not number.args else number
    if not isinstance(taken, ast.Attribute) or taken.attr not in ("item", "detach", "data"):
        return ()
    loss = text_of(made.file, taken.value)
    statement = statement_of(made.file, call)
    is_whole = isinstance(statement, ast.Assign) and statement.value is call
    if isinstance(statement, ast.Assign) and is_whole and [unparsed(t) for t in statement.targets] == [loss]:
        return (Edit("delete", made.file, statement),)
    return (Edit("replace", made.file, call, loss),)


def _computed_anew(made: Site, call: ast.Call, number: ast.BinOp) -> tuple[Edit, ...]:
    """`torch.tensor(a.item() + 0.1 * b.item(), requires_grad=True)` as the same arithmetic of the tensors."""
    items = [n for n in walk(number) if isinstance(n, ast.Call)]
    if not items or any(n.args or not isinstance(n.func, ast.Attribute) or n.func.attr != "item" for n in items):
        return ()

    class Tensors(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            return node.func.value if isinstance(node.func, ast.Attribute) else node

    text = unparsed(Tensors().visit(ast.parse(unparsed(number), mode="eval")))
    alone = isinstance(statement_of(made.file, call), ast.Assign)
    return (Edit("replace", made.file, call, text if alone else f"({text})"),)


def without_retaining(backward: Event) -> tuple[Edit, ...]:
    """backward() without retain_graph, where everything the loss comes from is seen."""
    call = backward.node
    keyword = next((k for k in call.keywords if k.arg == "retain_graph"), None) if isinstance(call, ast.Call) else None
    unseen = ("call", "method", "module()", "name", "entered")
    if keyword is None or any(v.op in unseen for v in ancestors(backward.args[0], 200)):
        return ()
    return (Edit("drop", backward.file, keyword),)
