"""What the line parsers of one file share."""

from dataclasses import dataclass

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.lines.events import Events
from misrun.tools.readers.lines.points import Points
from misrun.tools.readers.lines.position import Progress
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span


@dataclass
class Finish:
    """Positive evidence that the program came to its end, and where it stands."""

    line: int
    exit_code: int | None = None
    signal: str | None = None


@dataclass
class LogContext:
    """One per file: where findings go and how far training has come."""

    file: str
    run: RunBuilder
    points: Points
    progress: Progress
    events: Events
    finish: Finish | None = None
    exit_code: int | None = None
    exit_line: int = 0

    def span(self, first: int, last: int | None = None) -> Span:
        return Span(file=self.file, first=first, last=last or first)

    def config(self, name: str, value: Scalar | tuple[Scalar, ...], line: int, origin: str = "log") -> None:
        self.run.config(name, value, span=self.span(line), origin=origin)


def new_context(file: str, run: RunBuilder) -> LogContext:
    return LogContext(file=file, run=run, points=Points(run, file), progress=Progress(), events=Events(file))
