"""Edits of what a loss is given: shapes, indices in place of one-hot rows, targets one position later, signs."""

import ast

from misrun.tools.code.checks.repair_calls import library_name, node_at
from misrun.tools.code.checks.repair_syntax import atom, given_node, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed, walk

Edits = tuple[Edit, ...]
_ROLES = (("input", "logits"), ("target", "labels"))


def squeezed(loss: Event, position: int) -> Edits:
    """The argument of shape (B, 1) with `.squeeze(-1)`."""
    node = given_node(loss.node, position, *_ROLES[position])
    return (Edit("replace", loss.file, node, f"{atom(loss.file, node)}.squeeze(-1)"),) if node is not None else ()


def indices_of(loss: Event, one_hot: Value) -> Edits:
    """The class indices that one_hot was given, where the loss can be given them as well."""
    given, made = given_node(loss.node, 1, *_ROLES[1]), node_at(one_hot.site)
    if given is None or not isinstance(made, ast.Call) or one_hot.site is None or one_hot.site.file is not loss.file:
        return ()
    indices = made.args[0] if made.args and "one_hot" in unparsed(made.func) else None
    if indices is None:
        return ()
    if given is made:
        return (Edit("replace", loss.file, given, text_of(loss.file, indices)),)
    whole = _only_for_losses(loss.file, made)
    return (Edit("replace", loss.file, made, text_of(loss.file, indices)),) if whole else ()


def _only_for_losses(file: SourceFile, made: ast.Call) -> bool:
    """Whether nothing in the file asks for the rows themselves: argmax, a shape, a product."""
    asks = ("argmax", ".shape", ".size(", ".float()", "matmul", " @ ", "einsum")
    assigned = next((n for n in walk(file.tree) if isinstance(n, ast.Assign) and n.value is made), None)
    name = unparsed(assigned.targets[0]) if assigned is not None else ""
    uses = [n for n in walk(file.tree) if isinstance(n, ast.stmt) and not hasattr(n, "body") and n is not assigned]
    return bool(name) and not any(
        f"{name}{ask}" in (text := unparsed(n)) or f"{name}.{ask}" in text for n in uses for ask in asks
    )


def independent_labels(loss: Event) -> Edits:
    """binary_cross_entropy_with_logits in place of cross_entropy, as a function or as the layer it was built as."""
    made = loss.callee.site if loss.callee is not None else None
    call = made.node if made is not None else loss.node
    file = made.file if made is not None else loss.file
    if not isinstance(call, ast.Call) or call.keywords or (made is not None and call.args):
        return ()
    module, name = (
        ("torch.nn", "BCEWithLogitsLoss") if made else ("torch.nn.functional", "binary_cross_entropy_with_logits")
    )
    library, imports = library_name(file, module)
    return (Edit("replace", file, call.func, f"{library}.{name}"), *imports)


def shifted_by_one(loss: Event) -> Edits:
    """`logits[:, :-1]` against `tokens[:, 1:]`, below the views that flatten them."""
    one, other = (given_node(loss.node, i, *_ROLES[i]) for i in (0, 1))
    if one is None or other is None:
        return ()
    left, right = _cut(loss.file, one, "[:, :-1]"), _cut(loss.file, other, "[:, 1:]")
    if left is None or right is None:
        return ()
    return (Edit("replace", loss.file, one, left), Edit("replace", loss.file, other, right))


def _cut(file: SourceFile, node: ast.expr, part: str) -> str | None:
    """The text with the slice behind its root: `x.view(-1, n)` as `x[:, :-1].reshape(-1, n)`."""
    if isinstance(node, ast.Name | ast.Subscript):
        return f"{text_of(file, node)}{part}"
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if method in ("view", "reshape", "flatten", "transpose", "permute", "contiguous", "float", "to"):
        inner = _cut(file, node.func.value, part)
        given = ", ".join(text_of(file, a) for a in (*node.args, *node.keywords))
        # A slice is not contiguous: view() would refuse it.
        return f"{inner}.{'reshape' if method == 'view' else method}({given})" if inner is not None else None
    return f"{text_of(file, node)}{part}"


def without_minus(loss: Value) -> Edits:
    """`-x` and `-1 * x` as `x`, through means and sums."""
    while loss.op in ("mean", "sum", "div", "scale") and loss.inputs:
        loss = loss.inputs[0]
    site, node = loss.site, node_at(loss.site)
    if site is None:
        return ()
    if isinstance(node, ast.UnaryOp):
        return (Edit("replace", site.file, node, atom(site.file, node.operand)),)
    if isinstance(node, ast.BinOp):
        kept = next((s for s in (node.left, node.right) if not _is_minus_one(s)), None)
        return (Edit("replace", site.file, node, atom(site.file, kept)),) if kept is not None else ()
    return ()


def _is_minus_one(node: ast.expr) -> bool:
    return unparsed(node) in ("-1", "-1.0")
