"""Patches for values kept with their autograd graph, and for outputs cut from it."""

import ast

from misrun.tools.code.checks.repair_places import belongs
from misrun.tools.code.checks.repair_syntax import atom, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk


def detached(event: Event) -> tuple[Edit, ...]:
    """What `xs.append(out)` or `total += loss` keeps, as `out.detach()`; of a tuple or dict, every tensor in it that is
    written as a name, an attribute or a call."""
    node = event.node
    if isinstance(node, ast.AugAssign):
        kept: ast.expr | None = node.value
    else:
        kept = node.args[0] if isinstance(node, ast.Call) and len(node.args) == 1 else None
    if kept is None or not belongs(event.file, kept) or not event.args:
        return ()
    return tuple(_detached(event.file, part) for part in _tensors(kept))


def _tensors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Tuple | ast.List):
        return [part for element in node.elts for part in _tensors(element)]
    if isinstance(node, ast.Dict):
        return [part for value in node.values for part in _tensors(value)]
    is_tensor = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp)
    return [node] if is_tensor and not _is_cut(node) else []


def _is_cut(node: ast.expr) -> bool:
    called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    return called in ("detach", "item", "tolist", "numpy")


def _detached(file: SourceFile, node: ast.expr) -> Edit:
    return Edit("replace", file, node, f"{atom(file, node)}.detach()")


def average_detached(file: SourceFile, node: ast.Assign, loss: str) -> tuple[Edit, ...]:
    """`avg = 0.9 * avg + 0.1 * loss` with `loss.detach()`; a loss in a call (`float(loss)`) or a condition stays."""
    hidden: set[int] = set()
    for inner in walk(node.value):
        if isinstance(inner, ast.Call):
            hidden |= {id(n) for n in walk(inner)}
        elif isinstance(inner, ast.IfExp):
            hidden |= {id(n) for n in walk(inner.test)}
    names = (n for n in walk(node.value) if isinstance(n, ast.Name | ast.Attribute) and id(n) not in hidden)
    return tuple(_detached(file, n) for n in names if unparsed(n) == loss)


def cut_removed(site: Site) -> tuple[Edit, ...]:
    """`code = enc(x).detach()` and `enc(x).data` without the cut."""
    file, node = site.file, site.node
    if any(isinstance(n, ast.Attribute) and n.attr in ("numpy", "tolist", "item") for n in walk(node)):
        return ()  # an array holds no graph, whether it was cut before or not
    for inner in walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "detach":
            return (Edit("replace", file, inner, text_of(file, inner.func.value)),)
        if isinstance(inner, ast.Attribute) and inner.attr == "data":
            return (Edit("replace", file, inner, text_of(file, inner.value)),)
    return ()


def state_detached(file: SourceFile, statement: ast.stmt, name: str, part: str) -> tuple[Edit, ...]:
    """`h = h.detach()` behind the call that gives the new state; `part` says what it is: "tensor", "tuple" or ""."""
    each = f"tuple(part.detach() for part in {name})"
    text = {
        "tensor": f"{name} = {name}.detach()",
        "tuple": f"{name} = {each}",
        "": f"{name} = {name}.detach() if torch.is_tensor({name}) else {each}",
    }[part]
    imports = () if part else (Edit("import", file, file.tree, "import torch"),)
    return (Edit("after", file, statement, text), *imports)


def graph_released(file: SourceFile, loop: ast.AST) -> tuple[Edit, ...]:
    """`loss.backward()` in place of `loss.backward(retain_graph=True)`, everywhere in the loop."""
    calls = [n for n in walk(loop) if isinstance(n, ast.Call) and any(k.arg == "retain_graph" for k in n.keywords)]
    return tuple(_without(file, call, "retain_graph") for call in calls)


def _without(file: SourceFile, call: ast.Call, keyword: str) -> Edit:
    given = [text_of(file, a) for a in (*call.args, *(k for k in call.keywords if k.arg != keyword))]
    return Edit("replace", file, call, f"{text_of(file, call.func)}({', '.join(given)})")


def never_kept(event: Event, container: str, project: Project) -> tuple[Edit, ...]:
    """The append taken out, where nothing in the project ever reads the container (a variable: in its file)."""
    file = event.file
    statement = statement_of(file, event.node)
    if not isinstance(statement, ast.Expr):
        return ()
    tail = container.rpartition(".")[2]
    reads = [
        n
        for other in (project.files if "." in container else (file,))
        for n in walk(other.tree)
        if (isinstance(n, ast.Attribute) and n.attr == tail and isinstance(n.ctx, ast.Load))
        or (isinstance(n, ast.Name) and n.id == tail and isinstance(n.ctx, ast.Load))
    ]
    own = event.node.func if isinstance(event.node, ast.Call) else None
    inside = {id(own.value)} if isinstance(own, ast.Attribute) else set()
    return (Edit("delete", file, statement),) if all(id(n) in inside for n in reads) and tail.isidentifier() else ()
