"""Patches that take statements out of loops, or put them where each round begins or ends."""

import ast
from collections.abc import Iterable

from misrun.tools.code.checks.repair_places import Loop, assigned_at, belongs, loops_around
from misrun.tools.code.checks.repair_syntax import (
    block_of,
    class_of,
    function_of,
    is_in_reach,
    moved,
    names_in,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk


def hoisted(site: Site) -> tuple[Edit, ...]:
    """The statement of a place before the outermost loop around it, where nothing it reads is made in that loop.

    Where the same statement stands before the loop already, it is only taken out.
    """
    file = site.file
    statement, loops = statement_of(file, site.node), loops_around(file, site.node)
    if statement is None or not loops or not isinstance(statement, ast.Expr | ast.Assign):
        return ()
    outermost = loops[0]
    made = {n.id for n in walk(outermost) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own = {n.id for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if names_in(statement) & made or _stored_elsewhere(outermost, statement, own):
        return ()
    if any(
        ast.dump(s) == ast.dump(statement) for s in function_of(file, statement).body if s.lineno < outermost.lineno
    ):
        return (Edit("delete", file, statement),)
    return moved(file, statement, "before", outermost)


def _stored_elsewhere(loop: Loop, statement: ast.stmt, names: set[str]) -> bool:
    inside = {id(n) for n in walk(statement)}
    stores = (n for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(n.id in names and id(n) not in inside for n in stores)


def after_batches(event: Event, loop: Frame, events: Iterable[Event]) -> tuple[Edit, ...]:
    """The statement of the batch loop in which the event happens, behind that loop: once per epoch.

    None where the statement does more than that, as a call whose function also differentiates.
    """
    node = loop.node
    if not isinstance(node, ast.For | ast.While) or not belongs(event.file, node):
        return ()
    inside = {id(n) for n in [event.node, *(f.node for f in event.frame.chain() if f.kind == "call")]}
    statement = next((s for s in node.body if any(id(n) in inside for n in walk(s))), None)
    made = {n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if statement is None or len(node.body) == 1:
        return ()
    own = {n.id for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    rate_only = all(isinstance(s, ast.AugAssign | ast.Assign) for s in getattr(statement, "body", []))
    nodes = {id(n) for n in walk(statement)}
    trains = any(id(f.node) in nodes for e in events if e.op in ("backward", "optimizer.step") for f in e.frame.chain())
    if (names_in(statement) & made) - own or not rate_only or trains:
        return ()
    return moved(event.file, statement, "after", node)


def last_use(site: Site) -> Site:
    """The last statement beside the one of this place that speaks of the variable made there; else the place."""
    statement = statement_of(site.file, site.node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    figure = target.elts[0] if isinstance(target, ast.Tuple) else target
    if statement is None or not isinstance(figure, ast.Name):
        return site
    users = [s for s in block_of(site.file, statement) if figure.id in names_in(s)]
    return Site(site.file, users[-1]) if users and not hasattr(users[-1], "body") else site


def closed_at_end(site: Site) -> tuple[Edit, ...]:
    """`plt.close(figure)` at the end of the block that makes the figure."""
    file, call = site.file, site.node
    statement = statement_of(file, call)
    if statement is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ()
    last = block_of(file, statement)[-1]
    stays = not loops_around(file, call) and isinstance(function_of(file, call), ast.Module)
    if isinstance(last, ast.Return | ast.Break | ast.Continue | ast.Raise) or stays:
        return ()
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    figure = target.elts[0] if isinstance(target, ast.Tuple) else target
    named = text_of(file, figure) if isinstance(figure, ast.Name) else ""
    return (Edit("after", file, last, f"{text_of(file, call.func.value)}.close({named})"),)


def cleared_at_epoch_end(event: Event, container: str) -> tuple[Edit, ...]:
    """Lightning: `self.outputs.clear()` in on_train_epoch_end, which is added where the module has none."""
    file = event.file
    owner = class_of(file, event.node)
    methods = {m.name: m for m in owner.body if isinstance(m, ast.FunctionDef)} if owner is not None else {}
    step, end = methods.get("training_step"), methods.get("on_train_epoch_end")
    if end is not None and not isinstance(end.body[-1], ast.Return | ast.Raise):
        return (Edit("after", file, end.body[-1], f"{container}.clear()"),)
    if step is None or end is not None or not container.startswith("self."):
        return ()
    return (Edit("after", file, step, f"\ndef on_train_epoch_end(self):\n    {container}.clear()"),)


def epoch_told(sampler: Value, loader: Value | None, epochs: Frame, file: SourceFile) -> tuple[Edit, ...]:
    """`sampler.set_epoch(epoch)` as the first statement of the loop over epochs, by a name that is known there."""
    loop = epochs.node
    if not isinstance(loop, ast.For) or not belongs(file, loop) or not isinstance(loop.target, ast.Name):
        return ()
    first = loop.body[0]
    for value, suffix in ((sampler, ""), (loader, ".sampler")):
        if value is None or value.site is None or value.site.file is not file or not belongs(file, value.site.node):
            continue
        made = assigned_at(file, value.site.node)
        if made is None or not _is_seen(file, made, first):
            continue
        told = f"{made[1]}{suffix}.set_epoch({loop.target.id})"
        if not _may_be_none(file, made):
            return (Edit("before", file, first, told),)
        return (Edit("before", file, first, f"if {made[1]} is not None:\n    {told}"),) if not suffix else ()
    return ()


def _may_be_none(file: SourceFile, made: tuple[ast.Assign, str]) -> bool:
    """Another assignment gives the variable None, as in the arm for a single process."""
    others = (s for s in walk(file.tree) if isinstance(s, ast.Assign) and s is not made[0])
    return any(
        unparsed(t) == made[1] and isinstance(s.value, ast.Constant) and s.value.value is None
        for s in others
        for t in s.targets
    )


def _is_seen(file: SourceFile, made: tuple[ast.Assign, str], place: ast.stmt) -> bool:
    """A variable of the same function (or of the module), or an attribute of the same class."""
    statement, text = made
    if text.startswith("self."):
        return class_of(file, statement) is class_of(file, place) is not None
    home = function_of(file, statement)
    return (home is function_of(file, place) or home is file.tree) and is_in_reach(file, text, place)


def on_every_rank(file: SourceFile, condition: ast.If, call: ast.Call) -> tuple[Edit, ...]:
    """A collective that begins or ends the block of one rank, before or behind that block; one that follows a return of
    the other ranks, before that."""
    statement = statement_of(file, call)
    if not isinstance(statement, ast.Expr) or statement.value is not call:
        return ()
    block = block_of(file, condition)
    if statement in block:
        at = block.index(condition)
        return (
            moved(file, statement, "before", condition) if block[at + 1] is statement and not condition.orelse else ()
        )
    if condition.orelse or statement not in condition.body or len(condition.body) == 1:
        return ()
    if statement is condition.body[0]:
        return moved(file, statement, "before", condition)
    made = {n.id for s in condition.body for n in walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if statement is condition.body[-1] and not names_in(statement) & made:
        return moved(file, statement, "after", condition)
    return ()
