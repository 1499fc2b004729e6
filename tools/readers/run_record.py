"""RunRecord: everything that was read from one run, each item with the place it was read from."""

import math
from functools import cached_property
from typing import Literal

from misrun.tools.record import Record, Span

Phase = Literal["train", "eval", "system"]
Scalar = str | int | float | bool | None


class Series(Record):
    """One metric over one source. `name` is canonical (see metric_names), `raw_name` as the source wrote it.

    `steps`, `values` and `lines` have one length. `step_kind` says what `steps` counts: optimizer steps, epochs, or
    only the order of appearance ("index") when the source tells neither. `lines` holds 0 where the source has no lines.
    """

    name: str
    raw_name: str
    phase: Phase
    file: str
    step_kind: Literal["step", "epoch", "index"]
    steps: tuple[float, ...]
    values: tuple[float, ...]
    lines: tuple[int, ...]
    rank: int | None = None

    def span(self, first: int, last: int | None = None) -> Span:
        """The citation of points `first`..`last` (indices, negative ones count from the end)."""
        count = len(self.values)
        low, high = sorted((first % count, (first if last is None else last) % count))
        if self.lines[low] and self.lines[high]:
            start, end = sorted((self.lines[low], self.lines[high]))
            return Span(file=self.file, first=start, last=end)
        start, end = sorted((int(self.steps[low]), int(self.steps[high])))
        return Span(file=self.file, first=start, last=end, unit="step")

    @cached_property
    def first_nonfinite(self) -> int | None:
        """Index of the first NaN or infinity, or None."""
        return next((i for i, value in enumerate(self.values) if not math.isfinite(value)), None)


class Frame(Record):
    """One frame of a traceback; `file` as printed there."""

    file: str
    line: int
    function: str
    code: str = ""


class Event(Record):
    """Something the run said about itself: an error, a warning, a kill, a notice.

    `name` is a signature id from `signatures` ("cuda_oom"), or "traceback" for an exception that no signature knows.
    `exception` is the type as printed, without module. `frames` go from the outermost call to the raise.
    `secondary` marks consequences of another event (a peer that lost its connection, SIGTERM from the launcher).
    `time` is the log's own stamp in seconds (`lines.stamps.stamp`), `fatal` marks what ends a program.
    """

    name: str
    kind: Literal["error", "warning", "kill", "notice"]
    message: str
    span: Span
    exception: str | None = None
    rank: int | None = None
    frames: tuple[Frame, ...] = ()
    secondary: bool = False
    count: int = 1
    values: dict[str, Scalar] = {}
    time: float | None = None
    fatal: bool = False


class RankLog(Record):
    """How far the log of one rank goes: its last line and when that was printed (as `Event.time`)."""

    rank: int
    span: Span
    time: float | None = None


class ConfigValue(Record):
    """One setting. `name` is dotted for nested files; `origin` is the kind of carrier (command, argparse, trainer_args,
    log, tfevents, wandb, mlflow, yaml, json, toml, ini, csv, code)."""

    name: str
    value: Scalar | tuple[Scalar, ...]
    span: Span
    origin: str


# How near a carrier is to what the program really used: 0 the run itself said it, 1 a file, 2 a default in the code.
AUTHORITY = {
    "command": 0, "argparse": 0, "trainer_args": 0, "log": 0, "wandb": 0, "mlflow": 0, "tfevents": 0, "code": 2,
}  # fmt: skip


class EnvironmentFact(Record):
    """One fact about where it ran: python, torch, transformers, cuda, driver, gpu, gpu_memory_mib, host, world_size."""

    name: str
    value: str
    span: Span


class CodeFile(Record):
    """One Python file or notebook of the run, path relative to the run folder."""

    path: str
    lines: int
    sha256: str


class SourceFile(Record):
    """One file that was read, and by which reader."""

    path: str
    reader: str
    bytes: int


class SkippedFile(Record):
    """One file that was not read, and why, in words a user can act on."""

    file: str
    reason: str


class Ending(Record):
    """How the run ended. "finished" needs positive evidence (a summary, the last planned step); "unfinished" means a
    plan was known and not reached; "unknown" means the sources do not tell."""

    status: Literal["finished", "crashed", "killed", "unfinished", "unknown"] = "unknown"
    exit_code: int | None = None
    signal: str | None = None
    last_step: float | None = None
    planned_steps: float | None = None
    spans: tuple[Span, ...] = ()


class RunRecord(Record):
    """One run as read. Nothing here is interpreted beyond names and units."""

    root: str
    files: tuple[SourceFile, ...] = ()
    series: tuple[Series, ...] = ()
    events: tuple[Event, ...] = ()
    config: tuple[ConfigValue, ...] = ()
    environment: tuple[EnvironmentFact, ...] = ()
    code: tuple[CodeFile, ...] = ()
    ranks: tuple[RankLog, ...] = ()
    ending: Ending = Ending()
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()

    def named(self, name: str, phase: Phase | None = None) -> tuple[Series, ...]:
        """All series of that canonical name, the most informative (most points) first."""
        found = [s for s in self.series if s.name == name and (phase is None or s.phase == phase)]
        return tuple(sorted(found, key=lambda s: -len(s.values)))

    def best(self, name: str, phase: Phase | None = None) -> Series | None:
        """The most informative series of that name, or None."""
        return next(iter(self.named(name, phase)), None)

    def setting(self, *names: str) -> ConfigValue | None:
        """The setting whose last dotted part is the first of `names` that was set anywhere.

        What the running program said it used goes before a file, and a file before a default in the code.
        """
        for name in names:
            found = [value for value in self.config if value.name.rsplit(".", 1)[-1] == name]
            if found:
                return min(found, key=lambda value: AUTHORITY.get(value.origin, 1))
        return None
