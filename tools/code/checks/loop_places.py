"""Where in the text of a loop something happens that may be written in a function the loop calls."""

import ast

from misrun.tools.code.checks.repair_places import Loop, belongs, loops_around
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import Site
from misrun.tools.code.walking import walk


def place_in_loop(project: Project, event: Event, loop: Frame) -> Site:
    """The event itself where it is written in the loop, else the call in the loop that leads to it."""
    inside = {id(node) for node in walk(loop.node)}
    if id(event.node) in inside:
        return event.site
    calls = [f.node for f in event.frame.chain() if f.kind == "call" and id(f.node) in inside]
    file = next((f for f in project.files if belongs(f, loop.node)), None)
    return Site(file, calls[-1]) if calls and file is not None else event.site


def loop_head(event: Event) -> Site:
    """The head of the innermost loop that is written around the event; the event itself where there is none."""
    loops = loops_around(event.file, event.node)
    return head_of(event.file, loops[-1]) if loops else event.site


def head_of(file: SourceFile, loop: Loop) -> Site:
    return Site(file, loop.test if isinstance(loop, ast.While) else loop.iter)
