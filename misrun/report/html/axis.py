"""One horizontal axis for all plots of a run, whatever each source counts in."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from misrun.tools.readers.builder import StepKind
from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal

_NAMES: dict[StepKind, str] = {"step": "step", "epoch": "epoch", "index": "point"}


@dataclass(frozen=True)
class Axis:
    """What the axis counts, and by file the lines at which it is known how far the run was."""

    kind: StepKind
    anchors: Mapping[str, tuple[list[int], list[float]]]

    @classmethod
    def of(cls, run: RunRecord, kind: StepKind) -> "Axis":
        known: dict[str, dict[int, float]] = {}
        for series in run.series:
            if series.step_kind == kind:
                known.setdefault(series.file, {}).update(
                    (line, step) for line, step in zip(series.lines, series.steps, strict=True) if line
                )
        return cls(kind, {file: _columns(lines) for file, lines in known.items()})

    @property
    def name(self) -> str:
        return _NAMES[self.kind]

    def at(self, file: str, line: int) -> float | None:
        """How far the run was when that line was written: the last count at or before it; None where none was."""
        lines, steps = self.anchors.get(file, ([], []))
        place = bisect_right(lines, line)
        return steps[place - 1] if place else None

    def of_span(self, span: Span) -> float | None:
        """Where a citation lies."""
        if span.unit == "step":
            return float(span.first) if self.kind == "step" else None
        return self.at(span.file, span.first)

    def of_series(self, series: Series) -> list[float] | None:
        """The place of each point; None where they count otherwise and cannot be placed by their lines."""
        if series.step_kind == self.kind:
            return list(series.steps)
        placed = [self.at(series.file, line) for line in series.lines]
        return [x for x in placed if x is not None] if all(x is not None for x in placed) else None

    def of_signal(self, signal: Signal) -> float | None:
        """When a signal began. Its own step counts where it says so, else the line it was read from."""
        if signal.step is None:
            return None
        counted = signal.values.get("step_kind", self.kind if self.kind == "step" else None)
        if counted == self.kind:
            return signal.step
        places = (self.of_span(span) for span in signal.spans)
        return next((place for place in places if place is not None), None)


def _columns(lines: Mapping[int, float]) -> tuple[list[int], list[float]]:
    ordered = sorted(lines.items())
    return [line for line, _ in ordered], [step for _, step in ordered]
