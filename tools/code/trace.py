"""The trace: what the code would do, in order, as events inside loops, branches, contexts and calls."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import NO_GRAD
from misrun.tools.code.values import Site, Value, is_constant


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One entered construct. `label` is the arm of a branch, a context manager's or a function's name; `value` is what
    a loop runs over or the context manager."""

    kind: Literal["root", "call", "loop", "branch", "with"]
    node: ast.AST
    parent: "Frame | None" = None
    label: str = ""
    value: Value | None = None

    def chain(self) -> "Iterator[Frame]":
        """This frame and those around it, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


@dataclass(eq=False, slots=True)
class Event:
    """One thing that happens. `op` is a tensor operation ("softmax"), "kind.method" ("optimizer.step"; "?" for a value
    of unknown kind), "new" (construction), "module()" (a model is called), "call" (something unresolved), a dotted
    library path, "augadd", "append", "set.<attribute>", or "return" at the end of a function nothing calls. `callee` is
    the layer, loss or model that was called."""

    index: int
    op: str
    node: ast.AST
    file: SourceFile
    frame: Frame
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    receiver: Value | None = None
    callee: Value | None = None
    result: Value = field(default_factory=Value)

    @property
    def site(self) -> Site:
        return Site(self.file, self.node)

    @property
    def line(self) -> int:
        return self.site.line

    def argument(self, position: int, *names: str) -> Value | None:
        """The argument at `position` or under one of `names`; None when not given."""
        for name in names:
            if name in self.kwargs:
                return self.kwargs[name]
        return self.args[position] if position < len(self.args) else None

    def loops(self) -> list[Frame]:
        """The loops around the event, outermost first."""
        return [frame for frame in self.frame.chain() if frame.kind == "loop"][::-1]

    def within(self, frame: Frame) -> bool:
        return any(f is frame for f in self.frame.chain())

    def branches_within(self, frame: Frame) -> list[Frame]:
        """The branches between the event and an enclosing frame, innermost first."""
        found = []
        for f in self.frame.chain():
            if f is frame:
                break
            if f.kind == "branch":
                found.append(f)
        return found

    def is_unconditional_in(self, frame: Frame) -> bool:
        return not self.branches_within(frame)

    def grad_is_off(self) -> bool:
        """Whether the event certainly happens under no_grad, inference_mode or set_grad_enabled(False)."""
        return any(
            f.kind == "with"
            and (
                f.label in NO_GRAD
                or (f.label == "set_grad_enabled" and f.value and is_constant(f.value.argument(0), False))
            )
            for f in self.frame.chain()
        )

    def grad_may_be_off(self) -> bool:
        return any(f.kind == "with" and f.label in (*NO_GRAD, "set_grad_enabled") for f in self.frame.chain())


@dataclass(frozen=True, eq=False)
class Trace:
    """Events of every root: each file's own body, and each function nothing in the project calls."""

    project: Project
    roots: tuple[tuple[Event, ...], ...]

    def events(self, *ops: str) -> Iterator[Event]:
        for root in self.roots:
            yield from (event for event in root if not ops or event.op in ops)


def inside(events: Iterable[Event], frame: Frame) -> list[Event]:
    return [event for event in events if event.within(frame)]


def compatible(one: Event, other: Event) -> bool:
    """Whether both events can happen in one pass: they are not in different arms of the same branch."""
    arms = {id(f.node): f.label for f in one.frame.chain() if f.kind == "branch"}
    return all(arms.get(id(f.node), f.label) == f.label for f in other.frame.chain() if f.kind == "branch")
