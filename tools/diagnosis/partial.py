"""What would be left of a run if less of it had been handed over: its console logs alone, or their last lines."""

from collections import defaultdict
from dataclasses import dataclass

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.record import Span

# What a run's console output is called; "logs only" keeps what was read from such files.
_LOG_SUFFIXES = (".log", ".out", ".err", ".txt")
# What a person pastes: a screenful, as the forty rows of a terminal window of half a usual screen (a judgement).
PASTED_LINES = 40


def console_logs(run: RunRecord) -> RunRecord:
    """The record as if only console logs had been handed over."""
    files = tuple(f for f in run.files if f.path.endswith(_LOG_SUFFIXES))
    names = {f.path for f in files}
    return run.model_copy(
        update={
            "files": files,
            "series": tuple(s for s in run.series if s.file in names),
            "events": tuple(e for e in run.events if e.span.file in names),
            "config": tuple(c for c in run.config if c.span.file in names),
            "environment": tuple(e for e in run.environment if e.span.file in names),
            "code": (),
        }
    )


def last_lines(run: RunRecord, count: int = PASTED_LINES) -> RunRecord:
    """The record as if only the last `count` lines of each console log had been handed over.

    How long a log is the record does not say: its last line is the last that anything was read from.
    """
    logs = console_logs(run)
    kept = _Tail(_last_read(logs), count)
    return logs.model_copy(
        update={
            "series": tuple(cut for s in logs.series if (cut := kept.points(s)).values),
            "events": tuple(e for e in logs.events if kept.holds(e.span)),
            "config": tuple(c for c in logs.config if kept.holds(c.span)),
            "environment": tuple(e for e in logs.environment if kept.holds(e.span)),
        }
    )


@dataclass(frozen=True)
class _Tail:
    """The last `count` lines before and with the last one of each file."""

    last: dict[str, int]
    count: int

    def holds(self, span: Span) -> bool:
        return span.last > self._before(span.file)

    def points(self, series: Series) -> Series:
        """The points in these lines; built anew, because a copy would keep what was worked out (and cached) from all."""
        first = next((i for i, line in enumerate(series.lines) if line > self._before(series.file)), len(series.lines))
        kept = {name: getattr(series, name)[first:] for name in ("steps", "values", "lines")}
        return Series.model_validate(series.model_dump() | kept)

    def _before(self, file: str) -> int:
        return self.last.get(file, 0) - self.count


def _last_read(run: RunRecord) -> dict[str, int]:
    last: dict[str, int] = defaultdict(int)
    for series in run.series:
        last[series.file] = max(last[series.file], *series.lines, 0)
    for span in (*(event.span for event in run.events), *run.ending.spans):
        last[span.file] = max(last[span.file], span.last if span.unit == "line" else 0)
    return dict(last)
