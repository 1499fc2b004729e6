"""The fixed seed of every pass, set once before the loop."""

import ast

from misrun.tools.code.checks.repair_places import belongs
from misrun.tools.code.checks.repair_syntax import is_in_reach, names_in, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.training import TrainingLoop


def seeded_before(event: Event, loop: Frame, training: TrainingLoop) -> tuple[Edit, ...]:
    """The outermost call on the way to the seed that does not train as well, taken out of its place and put before the
    loop; it is put there only where what it reads is known there, and nothing is done where that is not certain."""
    call = next((node for node in _way(event, loop) if not _trains(node, training)), None)
    outer = loop.node
    statement = statement_of(event.file, call) if call is not None and belongs(event.file, call) else None
    if not isinstance(statement, ast.Expr) or statement.value is not call or not isinstance(outer, ast.For | ast.While):
        return ()
    if not belongs(event.file, outer):
        return ()
    known = all(is_in_reach(event.file, name, outer) for name in names_in(statement))
    if not known:
        return ()
    before = Edit("before", event.file, outer, text_of(event.file, statement))
    return (Edit("delete", event.file, statement), before)


def _way(event: Event, loop: Frame) -> list[ast.AST]:
    """The calls between the loop and the event, outermost first, and the event itself."""
    calls = []
    for frame in event.frame.chain():
        if frame is loop:
            break
        if frame.kind == "call":
            calls.append(frame.node)
    return [*calls[::-1], event.node]


def _trains(call: ast.AST, training: TrainingLoop) -> bool:
    events = (*training.backwards, *(step.event for step in training.steps))
    return any(frame.node is call for event in events for frame in event.frame.chain())
