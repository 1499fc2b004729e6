"""One text that somebody wants to find again: a paper, a wiki page, an issue. It is data, whatever it says."""

from misrun.tools.record import Record

# Two million characters are a thousand pages; what is behind them is not read. A judgement, as is the file size.
MOST_CHARACTERS = 2_000_000
MOST_BYTES = 50 << 20


class Document(Record):
    """`url` is where the source itself says it lives, empty when it does not."""

    title: str
    text: str
    url: str = ""


class Unreadable(Exception):
    """A file that nothing can be read from; the message says why and, where there is one, the way out."""
