"""Patches for rows: parts that must not overlap, inputs and targets that must stay side by side, fitted encoders."""

import ast

from misrun.tools.code.checks.repair_loading import order_named
from misrun.tools.code.checks.repair_places import assigned_at, belongs, free_name
from misrun.tools.code.checks.repair_syntax import (
    function_of,
    is_in_reach,
    parents,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk

_ROOTED = ("from_numpy", "tensor", "as_tensor", "FloatTensor", "LongTensor", "Tensor")


def sorted_listing(file: SourceFile, node: ast.expr) -> tuple[Edit, ...]:
    """`os.listdir(x)` and `list(p.glob("*"))` as `sorted(...)`."""
    names = ("listdir", "glob", "iterdir", "rglob", "iglob")
    calls = [n for n in walk(node) if isinstance(n, ast.Call) and _last(n.func) in names]
    if len(calls) != 1:
        return ()
    holder = parents(file).get(id(calls[0]))
    listed = isinstance(holder, ast.Call) and _last(holder.func) == "list" and len(holder.args) == 1
    place = holder if listed and isinstance(holder, ast.Call) else calls[0]
    return (Edit("replace", file, place, f"sorted({text_of(file, calls[0])})"),)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def reordered_too(file: SourceFile, assign: ast.Assign, beside: str) -> tuple[Edit, ...]:
    """`x = x[randperm(n)]` becomes an order of its own, by which what is read beside it is picked too."""
    value = assign.value
    target = text_of(file, assign.targets[0])
    if not isinstance(value, ast.Subscript) or not is_in_reach(file, beside, assign):
        return ()
    if isinstance(value.slice, ast.Name):
        return (Edit("after", file, assign, f"{beside} = {beside}[{value.slice.id}]"),)
    name = free_name(file, "order")
    text = f"{name} = {text_of(file, value.slice)}\n{target}, {beside} = {target}[{name}], {beside}[{name}]"
    return (Edit("replace", file, assign, text),)


def picked_alike(event: Event, inputs: Value, targets: Value, orders: list[Value]) -> tuple[Edit, ...]:
    """One order for both sides: two that are drawn apart become one; where only one side is picked, the other is cut by
    the same index, or picked right behind it."""
    file = event.file
    sites = [order.site for order in orders if order.site is not None]
    if len(sites) == 2:
        place = statement_of(file, sites[0].node)
        if any(site.file is not file for site in sites) or place is None:
            return ()
        name, edits = order_named(file, sites[0], place)
        return (*edits, Edit("replace", file, sites[1].node, name))
    return _cut_alike(file, inputs, targets) or _picked_behind(file, event, inputs)


def _cut_alike(file: SourceFile, inputs: Value, targets: Value) -> tuple[Edit, ...]:
    """`x[order[i:j]]` beside `y[i:j]`: y is cut by `order[i:j]`."""
    one, other = _subscript(file, inputs), _subscript(file, targets)
    if one is None or other is None or not isinstance(one.slice, ast.Subscript):
        return ()
    if unparsed(one.slice.slice) != unparsed(other.slice):
        return ()
    return (Edit("replace", file, other.slice, text_of(file, one.slice)),)


def _subscript(file: SourceFile, value: Value) -> ast.Subscript | None:
    node = value.site.node if value.site is not None and value.site.file is file else None
    return node if isinstance(node, ast.Subscript) else None


def _picked_behind(file: SourceFile, event: Event, inputs: Value) -> tuple[Edit, ...]:
    """`x = x[order]` and then `TensorDataset(x, y)`: `y = y[order]` behind the first."""
    call = event.node
    if not isinstance(call, ast.Call) or len(call.args) != 2:
        return ()
    node = _subscript(file, _innermost(inputs))
    made = assigned_at(file, node) if node is not None else None
    other = _root_name(call.args[1])
    if node is None or made is None or other is None or not isinstance(node.slice, ast.Name):
        return ()
    if unparsed(node.value) != made[1] or made[1] != _root_name(call.args[0]) or not is_in_reach(file, other, made[0]):
        return ()
    return (Edit("after", file, made[0], f"{other} = {other}[{text_of(file, node.slice)}]"),)


def _innermost(value: Value) -> Value:
    """The indexing below casts and conversions."""
    for _ in range(20):
        if value.op == "index" or not value.inputs:
            break
        value = value.inputs[0]
    return value


def _root_name(node: ast.expr) -> str | None:
    """x of `torch.from_numpy(x).float()`."""
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _ROOTED and len(node.args) >= 1:
            node = node.args[0]
        elif isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return None
    return node.id if isinstance(node, ast.Name) else None


def transformed_only(first: Event, again: Event) -> tuple[Edit, ...]:
    """`fit_transform(x_test)` becomes `transform(x_test)` of what was fitted on the training data."""
    file, one, other = again.file, first.node, again.node
    if not isinstance(one, ast.Call) or not isinstance(other, ast.Call) or not belongs(file, one):
        return ()
    if not isinstance(one.func, ast.Attribute) or not isinstance(other.func, ast.Attribute):
        return ()
    statement = statement_of(file, other)
    same = unparsed(one.func.value) == unparsed(other.func.value) and first.receiver is again.receiver
    if other.func.attr == "fit":
        return (Edit("delete", file, statement),) if same and isinstance(statement, ast.Expr) else ()
    owner = one.func.value
    if same or isinstance(owner, ast.Name | ast.Attribute):
        fitted = text_of(file, owner)
        reach = same or is_in_reach(file, fitted, other)
        return (_transform(file, other, fitted),) if reach else ()
    return _fitted_by_name(file, one, other)


def _fitted_by_name(file: SourceFile, one: ast.Call, other: ast.Call) -> tuple[Edit, ...]:
    """`LabelEncoder().fit_transform(a)` and `LabelEncoder().fit_transform(b)`: the first gets a name."""
    place, made = statement_of(file, one), one.func.value if isinstance(one.func, ast.Attribute) else None
    if place is None or made is None or function_of(file, one) is not function_of(file, other):
        return ()
    kind = unparsed(made).partition("(")[0].rpartition(".")[2]
    name = free_name(file, "scaler" if "Scaler" in kind else "encoder")
    return (
        Edit("before", file, place, f"{name} = {text_of(file, made)}"),
        Edit("replace", file, made, name),
        _transform(file, other, name),
    )


def _transform(file: SourceFile, call: ast.Call, fitted: str) -> Edit:
    return Edit("replace", file, call.func, f"{fitted}.transform")


def sorted_set(file: SourceFile, call: ast.Call) -> tuple[Edit, ...]:
    """`enumerate(list(set(x)))` as `enumerate(sorted(set(x)))`."""
    node = call.args[0]
    while isinstance(node, ast.Call) and _last(node.func) == "list" and node.args:
        node = node.args[0]
    return (Edit("replace", file, call.args[0], f"sorted({text_of(file, node)})"),)


def double_cast(site: Site) -> tuple[Edit, ...]:
    """`torch.from_numpy(x)` as `torch.from_numpy(x).float()`."""
    node = site.node
    return (
        (Edit("replace", site.file, node, f"{text_of(site.file, node)}.float()"),) if isinstance(node, ast.Call) else ()
    )
