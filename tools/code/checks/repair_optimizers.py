"""Patches for optimizers: built behind the model they train, over all of its trainable parameters."""

import ast

from misrun.tools.code.checks.repair_places import assigned_at
from misrun.tools.code.checks.repair_syntax import (
    block_of,
    is_in_reach,
    moved,
    names_in,
    parents,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk


def _parameters_call(optimizer: ast.AST) -> ast.Call | None:
    """`model.parameters()` where that is all the optimizer is given."""
    first = optimizer.args[0] if isinstance(optimizer, ast.Call) and optimizer.args else None
    plain = isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute) and first.func.attr == "parameters"
    return first if plain and isinstance(first, ast.Call) and not first.args else None


def trainable_only(site: Site) -> tuple[Edit, ...]:
    """`Adam(model.parameters())` over the parameters with requires_grad; for the others nothing changes."""
    given = _parameters_call(site.node)
    if given is None:
        return ()
    return (Edit("replace", site.file, given, f"[p for p in {text_of(site.file, given)} if p.requires_grad]"),)


def all_parameters(site: Site | None) -> tuple[Edit, ...]:
    """`filter(lambda p: p.requires_grad, net.parameters())` as `net.parameters()`: parameters without a gradient are
    left out of a step by the optimizer itself, and those thawed later are in it."""
    node = site.node if site is not None else None
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if site is None or first is None:
        return ()
    calls = [n for n in walk(first) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    given = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "parameters"]
    if len(given) != 1 or any(isinstance(n, ast.Dict) for n in walk(first)):
        return ()
    return (Edit("replace", site.file, first, text_of(site.file, given[0])),)


def built_behind(made: Event, change: Event) -> tuple[Edit, ...]:
    """The statement that makes the optimizer, behind the one that changes the model, where both are of one block and
    nothing between them uses the optimizer."""
    file = made.file
    for block in _blocks(file, made):
        one, other = _statement_in(block, made), _statement_in(block, change)
        if one is None or other is None or one is other or not isinstance(one, ast.Assign):
            continue
        first, last = block.index(one), block.index(other)
        stored = {n.id for n in walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        between = block[first + 1 : last + 1]
        if first < last and stored and not any(names_in(s) & stored for s in between):
            return moved(file, one, "after", other)
    return ()


def _blocks(file: SourceFile, event: Event) -> list[list[ast.stmt]]:
    """The blocks of this file that hold the event or a call it happens in, innermost first."""
    nodes = [event.node, *(f.node for f in event.frame.chain() if f.kind == "call")]
    held = [statement_of(file, n) for n in nodes if id(n) in parents(file)]
    return [block_of(file, s) for s in held if s is not None]


def _statement_in(block: list[ast.stmt], event: Event) -> ast.stmt | None:
    nodes = {id(event.node), *(id(f.node) for f in event.frame.chain() if f.kind == "call")}
    plain = (s for s in block if not isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    return next((s for s in plain if any(id(n) in nodes for n in walk(s))), None)


def over_the_trained(optimizer: Value, model: Value) -> tuple[Edit, ...]:
    """The optimizer over the parameters of the model that the loop runs, behind the statement that makes that model."""
    if optimizer.site is None or model.site is None or optimizer.site.file is not model.site.file:
        return ()
    file, call = optimizer.site.file, optimizer.site.node
    given, own, built = _parameters_call(call), assigned_at(file, call), assigned_at(file, model.site.node)
    if given is None or own is None or built is None or not isinstance(given.func, ast.Attribute):
        return ()
    block = block_of(file, own[0])
    if built[0] not in block:
        return ()
    renamed = unparsed(given.func.value) != built[1]
    if block.index(built[0]) < block.index(own[0]):
        return (Edit("replace", file, given.func.value, built[1]),) if renamed else ()
    whole, old = text_of(file, own[0]), text_of(file, given)
    if whole.count(old) != 1:
        return ()
    text = whole.replace(old, f"{built[1]}.parameters()")
    return (Edit("delete", file, own[0]), Edit("after", file, built[0], text))


def with_model(optimizer: Site, model: str) -> tuple[Edit, ...]:
    """`Adam(a.parameters())` as `Adam([*a.parameters(), *b.parameters()])`, where b is made before the optimizer."""
    file, call = optimizer.file, optimizer.node
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if first is None or not model or not is_in_reach(file, model, call):
        return ()
    if isinstance(first, ast.List) and first.elts and all(_is_plain_group(group) for group in first.elts):
        last = first.elts[-1]
        return (Edit("replace", file, last, f'{text_of(file, last)}, {{"params": {model}.parameters()}}'),)
    if _has_groups(first):
        return ()
    own = text_of(file, first)
    parts = own[1:-1].rstrip().rstrip(",") if isinstance(first, ast.List) else f"*{own}"
    if isinstance(first, ast.BinOp | ast.Starred):
        return (Edit("replace", file, first, f"{own} + list({model}.parameters())"),)
    return (Edit("replace", file, first, f"[{parts}, *{model}.parameters()]"),)


def _is_plain_group(group: ast.expr) -> bool:
    """`{"params": ...}` with no settings of its own."""
    keys = group.keys if isinstance(group, ast.Dict) else []
    return len(keys) == 1 and isinstance(keys[0], ast.Constant) and keys[0].value == "params"


def _has_groups(first: ast.expr) -> bool:
    return any(isinstance(n, ast.Dict | ast.ListComp | ast.GeneratorExp) for n in walk(first))


def rebuilt(file: SourceFile, body: list[ast.stmt], change: ast.Assign, optimizer: str) -> tuple[Edit, ...]:
    """The optimizer made anew behind `model = other`; a copy of the model itself is not needed."""
    value, target = change.value, unparsed(change.targets[0])
    copied = isinstance(value, ast.Call) and len(value.args) == 1 and unparsed(value.args[0]) == target
    if copied and isinstance(value, ast.Call) and unparsed(value.func).rpartition(".")[2] == "deepcopy":
        return (Edit("delete", file, change),)
    made = [s for s in body if isinstance(s, ast.Assign) and unparsed(s.targets[0]) == optimizer]
    return (Edit("after", file, change, text_of(file, made[-1])),) if made else ()
