"""The points of one log: columns that stay bounded however long the log is."""

from array import array
from collections.abc import Sequence

from misrun.tools.readers.builder import RunBuilder, StepKind
from misrun.tools.readers.lines.position import Mark
from misrun.tools.readers.run_record import Phase

# Project requirement: up to this many points of a series are all kept.
MAX_POINTS = 200_000
# A log with more names than this prints per-sample or per-token values, not metrics.
MAX_SERIES = 1_000

_Key = tuple[str, str, Phase | None, int | None]


class _Column:
    """Steps, values and lines of one series, 24 bytes a point."""

    __slots__ = ("lines", "steps", "thinned", "values")

    def __init__(self) -> None:
        self.steps = array("d")
        self.values = array("d")
        self.lines = array("q")
        self.thinned = False

    def thin(self, target: int) -> None:
        """Every n-th point, and every point that is not finite or a local extreme among those left out."""
        import numpy as np

        values = np.frombuffer(self.values)
        stride = -(-len(values) // (target // 3))
        blocks = np.pad(values, (0, -len(values) % stride), constant_values=np.nan).reshape(-1, stride)
        finite = np.isfinite(blocks)
        keep = ~finite
        rows = np.flatnonzero(finite.any(axis=1))
        lowest = np.where(finite, blocks, np.inf).argmin(axis=1)
        highest = np.where(finite, blocks, -np.inf).argmax(axis=1)
        for places in (finite.argmax(axis=1), lowest, highest):
            keep[rows, places[rows]] = True
        kept = np.flatnonzero(keep.reshape(-1)[: len(values)])
        self.steps = array("d", np.frombuffer(self.steps)[kept].tobytes())
        self.lines = array("q", np.frombuffer(self.lines, dtype=np.int64)[kept].tobytes())
        self.values = array("d", values[kept].tobytes())
        self.thinned = True


class Points:
    """Collects points while a file is read and hands them to the builder at its end."""

    def __init__(self, run: RunBuilder, file: str) -> None:
        self._run = run
        self._file = file
        self._columns: dict[_Key, _Column] = {}
        self.last_line = 0

    def add(
        self,
        name: str,
        value: float,
        line: int,
        mark: Mark | None,
        phase: Phase | None = None,
        rank: int | None = None,
    ) -> None:
        key = (name, mark.kind if mark else "index", phase, rank)
        column = self._columns.get(key)
        if column is None:
            if len(self._columns) >= MAX_SERIES:
                self._run.note(f"{self._file}: more than {MAX_SERIES} metric names, the later ones were not read")
                return
            column = self._columns[key] = _Column()
        column.steps.append(mark.value if mark else len(column.steps))
        column.values.append(value)
        column.lines.append(line)
        self.last_line = line
        if len(column.values) >= 2 * MAX_POINTS:
            column.thin(MAX_POINTS)

    def extend(
        self,
        name: str,
        values: Sequence[float],
        lines: Sequence[int],
        steps: Sequence[float] | None,
        kind: StepKind,
        phase: Phase | None = None,
        rank: int | None = None,
    ) -> None:
        """`add` for a run of lines; `steps` None numbers the points by their order."""
        column = self._columns.get((name, kind, phase, rank))
        if column is None or len(column.values) + len(values) >= 2 * MAX_POINTS:
            for index, (value, line) in enumerate(zip(values, lines, strict=True)):
                self.add(name, value, line, Mark(steps[index], kind) if steps else None, phase, rank)
            return
        known = len(column.values)
        column.steps.extend(steps if steps is not None else range(known, known + len(values)))
        column.values.extend(values)
        column.lines.extend(lines)
        self.last_line = lines[-1]

    def forget(self, lines: set[int]) -> None:
        """Takes back the points of lines that turn out to be prose about a run."""
        for column in self._columns.values():
            kept = [index for index, line in enumerate(column.lines) if line not in lines]
            if len(kept) < len(column.lines):
                column.steps = array("d", [column.steps[index] for index in kept])
                column.values = array("d", [column.values[index] for index in kept])
                column.lines = array("q", [column.lines[index] for index in kept])

    def flush(self) -> None:
        """Hands everything to the builder; called once, at the end of the file."""
        for (name, kind, phase, rank), column in self._columns.items():
            if not column.values:
                continue
            if len(column.values) > MAX_POINTS:
                column.thin(MAX_POINTS)
            if column.thinned:
                self._run.note(f"{self._file}: '{name}' was thinned evenly; every extreme and non-finite value is kept")
            self._run.metrics(
                name,
                column.values,
                column.lines,
                file=self._file,
                steps=None if kind == "index" else column.steps,
                step_kind="epoch" if kind == "epoch" else "step",
                phase=phase,
                rank=rank,
            )
        self._columns.clear()
