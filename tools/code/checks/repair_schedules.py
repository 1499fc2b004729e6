"""Edits of schedulers: where they step, what they are built from, what their settings count."""

import ast
from collections.abc import Sequence

from misrun.tools.code.checks.repair_places import assigned_at, belongs, same_scope
from misrun.tools.code.checks.repair_syntax import (
    atom,
    given_node,
    is_in_reach,
    moved,
    names_in,
    statement_of,
    text_of,
    with_keyword,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Project, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed, walk

Edits = tuple[Edit, ...]


def stepped_after(event: Event, place: ast.AST) -> Edits:
    """The scheduler's step moved below another statement of its function."""
    statement, file = statement_of(event.file, event.node), event.file
    target = statement_of(file, place) if belongs(file, place) else None
    if not isinstance(statement, ast.Expr) or target is None or not same_scope(file, statement, target):
        return ()
    return moved(file, statement, "after", target)


def stepped_after_training(event: Event, epochs: Frame, training: Event) -> Edits:
    """The step below the statement of the epoch loop that trains."""
    held = _statement_with(epochs.node, training)
    return stepped_after(event, held) if held is not None else ()


def _statement_with(loop: ast.AST, event: Event) -> ast.stmt | None:
    """The statement in a loop's block that the event happens in, itself or through calls."""
    nodes = {id(event.node), *(id(f.node) for f in event.frame.chain())}
    for statement in getattr(loop, "body", []):
        if any(id(n) in nodes for n in walk(statement)):
            return statement  # type: ignore[no-any-return]
    return None


def added_step(made: Event, step: Event, epochs: Frame | None, *, per_step: bool) -> Edits:
    """`scheduler.step()` behind the optimizer's step or at the end of the epoch, where its name is known there."""
    named = assigned_at(made.file, made.node)
    place: ast.AST | None = statement_of(step.file, step.node)
    if not per_step:
        place = epochs.node.body[-1] if epochs is not None and isinstance(epochs.node, ast.For | ast.While) else None
    if named is None or place is None or not belongs(made.file, place) or not is_in_reach(made.file, named[1], place):
        return ()
    return (Edit("after", made.file, place, f"{named[1]}.step()"),)


def handed_on(project: Project, file: SourceFile, call: ast.Call, name: str) -> Edits:
    """`scheduler=scheduler` for a callee that is known to take it."""
    wanted = last_name(call.func)
    taken = {
        a.arg
        for f in project.functions.values()
        if not any(n is call for n in walk(f.node))
        and (f.owner.name if f.name == "__init__" and f.owner is not None else f.name) == wanted
        for a in (*f.node.args.args, *f.node.args.kwonlyargs)
    }
    if unparsed(call.func) == "deepspeed.initialize":
        taken = {"lr_scheduler"}  # https://deepspeed.readthedocs.io/en/latest/initialize.html
    return (with_keyword(file, call, name, name),) if name in taken else ()


def as_factor(file: SourceFile, returned: Sequence[ast.expr], base: str) -> Edits:
    """What the function of a LambdaLR returns, without the learning rate: taken out of a product, else divided by."""
    if not all(base in unparsed(value) for value in returned):
        return ()
    return tuple(_without_factor(file, value, base) for value in returned)


def _without_factor(file: SourceFile, value: ast.expr, base: str) -> Edit:
    node = value
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(node.op, ast.Mult) and unparsed(side) == base:
                return Edit("replace", file, node, text_of(file, other) if node is value else atom(file, other))
        node = node.left
    return Edit("replace", file, value, f"({text_of(file, value)}) / {base}")


def of_optimizer(scheduler: Value, stepped: Value) -> Edits:
    """The scheduler built from the optimizer that is stepped: by its name, or, where that is taken, behind it."""
    built, made = scheduler.site, stepped.site
    if built is None or made is None or built.file is not made.file or not isinstance(built.node, ast.Call):
        return ()
    file, given = built.file, given_node(built.node, 0, "optimizer")
    named, statement = assigned_at(file, made.node), statement_of(file, built.node)
    if named is None or given is None or statement is None or not same_scope(file, statement, named[0]):
        return ()
    if unparsed(given) == named[1]:
        return moved(file, statement, "after", named[0]) if named[0].lineno > statement.lineno else ()
    return (Edit("replace", file, given, named[1]),) if is_in_reach(file, named[1], statement) else ()


def of_all_epochs(scheduler: Value, epochs: Frame | None) -> Edits:
    """The number of steps of one epoch times the number of epochs the loop around runs to."""
    site = scheduler.site
    given = given_node(site.node, 2, "num_training_steps", "num_training_iters") if site is not None else None
    loop = epochs.node if epochs is not None else None
    over = loop.iter if isinstance(loop, ast.For) else None
    if site is None or given is None or not isinstance(over, ast.Call) or last_name(over.func) != "range":
        return ()
    if len(over.args) != 1 or not belongs(site.file, over):
        return ()
    if not all(is_in_reach(site.file, name, site.node) for name in names_in(over.args[0]) - {"self"}):
        return ()
    return (Edit("replace", site.file, given, f"{atom(site.file, given)} * {_factor(site.file, over.args[0])}"),)


def _factor(file: SourceFile, node: ast.expr) -> str:
    return text_of(file, node) if isinstance(node, ast.Constant) else atom(file, node)


def stepped_every(made: Event, body: ast.AST, interval: str) -> Edits:
    """`"interval"` in what configure_optimizers returns: as it should be, or added beside the scheduler."""
    file, named = made.file, assigned_at(made.file, made.node)
    for mapping in (n for n in walk(body) if isinstance(n, ast.Dict)):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "interval":
                return (Edit("replace", file, value, f'"{interval}"'),)
    if named is None:
        return ()
    returned = [n.value for n in walk(body) if isinstance(n, ast.Return) and n.value is not None]
    uses = [n for v in returned for n in walk(v) if isinstance(n, ast.expr) and unparsed(n) == named[1]]
    if len(uses) != 1:
        return ()
    beside = any(
        isinstance(n, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == "scheduler" for k in n.keys)
        for v in returned
        for n in walk(v)
    )
    wrapped = f'{named[1]}, "interval": "{interval}"'
    text = wrapped if beside else f'{{"scheduler": {wrapped}}}'
    return (Edit("replace", file, uses[0], text),)
