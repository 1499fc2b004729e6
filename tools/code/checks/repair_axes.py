"""Patches for axes: permute in place of a view, channels moved first."""

import ast

from misrun.tools.code.checks.repair_places import belongs
from misrun.tools.code.checks.repair_syntax import atom, function_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Value, ancestors
from misrun.tools.code.walking import unparsed, walk

# Operations that give or keep a batch axis in front: an image behind them has four axes.
_BATCHED = ("unsqueeze", "collated", "batch", "stack", "rand", "randn", "zeros", "ones")


def permuted(event: Event, axes: list[int]) -> tuple[Edit, ...]:
    """`x.view(b, c, t)` as `x.permute(0, 2, 1)`; contiguous where the function views a tensor again."""
    call, file = event.node, event.file
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not belongs(file, call):
        return ()
    if unparsed(call.func.value) in ("torch", "np", "numpy"):
        return ()
    views = [n for n in walk(function_of(file, call)) if isinstance(n, ast.Attribute) and n.attr == "view"]
    again = ".contiguous()" if any(v is not call.func for v in views) else ""
    text = f"{text_of(file, call.func.value)}.permute({', '.join(map(str, axes))}){again}"
    return (Edit("replace", file, call, text),)


def permuted_and_merged(event: Event, axes: list[int]) -> tuple[Edit, ...]:
    """`x.view(b, t, c * f)` as `x.permute(0, 3, 1, 2).reshape(b, t, c * f)`."""
    call = event.node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not belongs(event.file, call):
        return ()
    tensor, order = text_of(event.file, call.func.value), ", ".join(map(str, axes))
    return (Edit("replace", event.file, call.func, f"{tensor}.permute({order}).reshape"),)


def axis_moved(event: Event, order: list[int]) -> tuple[Edit, ...]:
    """`x.view(b, heads, t, c // heads)` as `x.view(b, t, heads, c // heads).transpose(1, 2)`: `order` says which of the
    sizes given comes at each place; the one transposition of axes 1 and 2 is what is written."""
    call, file = event.node, event.file
    if not isinstance(call, ast.Call) or len(call.args) != 4 or order != [0, 2, 1, 3] or call.keywords:
        return ()
    sizes = ", ".join(text_of(file, call.args[i]) for i in order)
    return (Edit("replace", file, call, f"{text_of(file, call.func)}({sizes}).transpose(1, 2)"),)


def channels_first(event: Event, root: tuple[Event, ...]) -> tuple[Edit, ...]:
    """The input of conv2d with `permute(0, 3, 1, 2)`: where the layer is called, or the Sequential it stands in."""
    source = event.argument(0, "input")
    if source is None or not any(v.op in _BATCHED for v in ancestors(source, 60)):
        return ()
    call = event.node if _is_call_of_layer(event) else _container_call(event, root)
    if not isinstance(call, ast.Call) or len(call.args) != 1:
        return ()
    file = _file_of(call, event, root)
    given = call.args[0]
    return (Edit("replace", file, given, f"{atom(file, given)}.permute(0, 3, 1, 2)"),)


def image_permuted(made: Value, source: Value) -> tuple[Edit, ...]:
    """One image as a tensor with `permute(2, 0, 1)`, where a loader, stack or unsqueeze adds the batch axis later."""
    site = made.site
    batched = any(v.op in ("collated", "unsqueeze", "stack") for v in ancestors(source, 60))
    if site is None or not batched or not isinstance(site.node, ast.Call):
        return ()
    return (Edit("replace", site.file, site.node, f"{text_of(site.file, site.node)}.permute(2, 0, 1)"),)


def _is_call_of_layer(event: Event) -> bool:
    """The event stands at a call of the layer, not at the place where a Sequential's layer is built."""
    return event.callee is None or event.callee.site is None or event.node is not event.callee.site.node


def _container_call(event: Event, root: tuple[Event, ...]) -> ast.AST | None:
    """The call of the Sequential whose first layer the event is: it is given the very same value."""
    given: Value | None = event.argument(0, "input")
    calls = [e for e in root if e.op == "module()" and e.args and e.args[0] is given and e.index < event.index]
    return calls[-1].node if calls else None


def _file_of(call: ast.AST, event: Event, root: tuple[Event, ...]) -> SourceFile:
    return next((e.file for e in root if e.node is call), event.file)
