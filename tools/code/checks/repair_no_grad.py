"""Patches for train and eval mode and for gradients in evaluations."""

import ast

from misrun.tools.code.checks.repair_places import Loop, belongs, first_statement, loops_around
from misrun.tools.code.checks.repair_syntax import FunctionNode, around, block_of, function_of, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

Root = tuple[Event, ...]
_DIFFERENTIATES = ("backward", "zero_grad", "manual_backward", "grad")


def _model_text(call: Event) -> str | None:
    """What the model is called in `model(x)` or `self.net.forward(x)`; None where it is not a plain name."""
    node = call.node
    if not isinstance(node, ast.Call) or not belongs(call.file, node):
        return None
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr == "forward":
        func = func.value
    parts = (n for n in walk(func) if isinstance(n, ast.expr))
    plain = all(isinstance(n, ast.Name | ast.Attribute) for n in parts)
    return text_of(call.file, func) if plain else None


def evaluated_in_eval_mode(call: Event, root: Root, *, restore: bool) -> tuple[Edit, ...]:
    """`model.eval()` before the evaluation loop around the call and, to `restore` it, `model.train()` behind the loop.

    A loop under `no_grad` alone in its block takes both beside the block, where readers look for them.
    """
    model = _model_text(call)
    place = _evaluation(call.file, call.node, root) if model is not None else None
    if model is None or place is None:
        return ()
    edits = [Edit("before", call.file, place, f"{model}.eval()")]
    if restore and _can_go_on(call.file, place):
        edits.append(Edit("after", call.file, place, f"{model}.train()"))
    elif restore:
        return ()
    return tuple(edits)


def _evaluation(file: SourceFile, node: ast.AST, root: Root) -> ast.stmt | None:
    """The outermost loop that only evaluates (no backward in it) around the node, or the block that turns gradients
    off around it; the statement itself where there is none."""
    place = statement_of(file, node)
    for outer in around(file, node):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            break
        if isinstance(outer, Loop | ast.With) and not _differentiates(outer, root):
            place = outer
    return place


def _differentiates(node: ast.AST, root: Root) -> bool:
    """Whether a backward is written in a loop, block or function, or happens in something it calls."""
    if any(isinstance(n, ast.Attribute) and n.attr in _DIFFERENTIATES for n in walk(node)):
        return True
    name = getattr(node, "name", None)
    frames = (f for e in root if e.op == "backward" for f in e.frame.chain())
    return any(f.node is node or (name is not None and f.kind == "call" and f.label == name) for f in frames)


def _can_go_on(file: SourceFile, place: ast.stmt) -> bool:
    """Nothing in the statement leaves the function, so what stands behind it runs."""
    leaves = any(isinstance(n, ast.Return | ast.Raise) for n in walk(place))
    return not leaves and place in block_of(file, place)


def trained_in_train_mode(call: Event, round_: Frame) -> tuple[Edit, ...]:
    """`model.train()` where the training that `call` is part of begins: before its loop over batches, or, where the
    loop of `round_` is the loop over batches itself, at the start of its body."""
    model, file = _model_text(call), call.file
    if model is None:
        return ()
    loops = loops_around(file, call.node)
    if not loops:
        function = function_of(file, call.node)
        is_step = not isinstance(function, ast.Module)
        return (Edit("before", file, first_statement(function), f"{model}.train()"),) if is_step else ()
    inner = loops[-1]
    place = inner.body[0] if inner is round_.node else inner
    return (Edit("before", file, place, f"{model}.train()"),)


def without_gradients(site: Site, root: Root) -> tuple[Edit, ...]:
    """`@torch.no_grad()` on a function that only evaluates, else `with torch.no_grad():` around its loop; around the
    statement where that runs the model itself."""
    file = site.file
    if not belongs(file, site.node):
        return ()
    function = function_of(file, site.node)
    if not isinstance(function, ast.Module) and not _differentiates(function, root) and not _is_generator(function):
        return (Edit("before", file, function, "@torch.no_grad()"), _torch(file))
    place = _evaluation(file, site.node, root)
    if place is None or isinstance(place, ast.With) or (_keeps(site.node) and not isinstance(place, Loop)):
        return ()
    return (Edit("under", file, place, "with torch.no_grad():"), _torch(file))


def _keeps(node: ast.AST) -> bool:
    """`outputs.append(...)`: what is kept was made elsewhere."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"


def _torch(file: SourceFile) -> Edit:
    return Edit("import", file, file.tree, "import torch")


def _is_generator(function: FunctionNode) -> bool:
    """`no_grad` on a generator holds only while it is made in old versions."""
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk(function))


def released(site: Site) -> tuple[Edit, ...]:
    """The body of the `with torch.no_grad():` around a place, taken out of it."""
    file = site.file
    block = next((n for n in around(file, site.node) if isinstance(n, ast.With)), None)
    if block is None or len(block.items) != 1 or "no_grad" not in unparsed(block.items[0]):
        return ()
    return (Edit("release", file, block),)
