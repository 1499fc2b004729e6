"""One thing that the code does, with its place."""

from typing import Literal

from misrun.tools.record import Record, Span

# How near a number is to what really runs: written at the use itself, on the command, in a configuration file, in code
# that hands it on, as the default of a function, as the default of a library.
Rank = Literal["used", "command", "file", "set", "default", "library"]
RANKS: tuple[Rank, ...] = ("used", "command", "file", "set", "default", "library")


class NamedNumber(Record):
    """A number that the code or its configuration gives a name.

    `owner` is the callable it is handed to, or the class or function that it is a field or default of; `context` is
    the line where the statement around it begins.
    """

    name: str
    numbers: tuple[float, ...]
    owner: str = ""
    rank: Rank
    context: str = ""
    span: Span


class Form(Record):
    """The way in which the code does one thing: `choice` is from the closed set of its topic, `shown` the source text.

    `sure` is False where the code may do otherwise than the text shows.
    """

    topic: str
    choice: str
    shown: str
    span: Span
    sure: bool = True
