"""The flow of a batch: from its source through every stage to a loss, a metric or a library that fits."""

from typing import Literal

from misrun.tools.record import Record

Boundary = Literal["", "disk", "process", "device", "framework"]
SinkKind = Literal["loss", "metric", "fit"]


class Stage(Record):
    """One operation on the way. `sizes` and `axes` are written outer first, "B" is the size of a batch and "?" one that
    is not known; empty where not even their number is known. `values` is the range or meaning of the numbers.

    `merges` says what else goes in; `notes` what a reader must know (changed in place, one of several ways);
    an unresolved stage does something that the code does not show."""

    operation: str
    file: str
    line: int
    sizes: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    dtype: str = ""
    values: str = ""
    device: str = ""
    boundary: Boundary = ""
    merges: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    resolved: bool = True

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.file else ""


class Way(Record):
    """The stages of one input of a sink ("prediction", "target"), source first."""

    role: str
    stages: tuple[Stage, ...]

    @property
    def unresolved(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if not stage.resolved)


class Flow(Record):
    """What comes together in one sink. `differences` are transforms that one flow has and its counterpart lacks."""

    kind: SinkKind
    sink: str
    file: str
    line: int
    ways: tuple[Way, ...]
    differences: tuple[str, ...] = ()
