"""What the line parsers of one file share."""

from dataclasses import dataclass, field

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.lines.events import Events
from misrun.tools.readers.lines.points import Points
from misrun.tools.readers.lines.position import Progress
from misrun.tools.readers.lines.stamps import Clock
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span


@dataclass
class Finish:
    """Positive evidence that the program came to its end, and where it stands."""

    line: int


@dataclass
class LogContext:
    """One per file: where findings go and how far training has come. `rank` is the rank whose log the file is by its
    name, where the name tells. `last_line` is the last one that holds any text."""

    file: str
    run: RunBuilder
    points: Points
    progress: Progress
    events: Events
    rank: int | None = None
    finish: Finish | None = None
    exit_code: int | None = None
    exit_line: int = 0
    last_line: int = 0
    clock: Clock = field(default_factory=Clock)

    def span(self, first: int, last: int | None = None) -> Span:
        return Span(file=self.file, first=first, last=last or first)

    def config(self, name: str, value: Scalar | tuple[Scalar, ...], line: int, origin: str = "log") -> None:
        self.run.config(name, value, span=self.span(line), origin=origin)


def new_context(file: str, run: RunBuilder, head: bytes = b"") -> LogContext:
    """`head` is the beginning of the file, for names that do not tell a rank by themselves."""
    clock = Clock()
    return LogContext(
        file, run, Points(run, file), Progress(), Events(file, clock), run.rank_files.rank(file, head), clock=clock
    )
