"""A paper as read: blocks of text, equations and rows of tables, each with its section and the line of every word."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from misrun.tools.paper.record import PaperPlace

# A long paper with appendices has 300,000 characters; what is behind is not read. PDF files carry pictures. Judgements.
MOST_CHARACTERS = 400_000
MOST_BYTES = 50 << 20
_QUOTE = 160
# No paper states more than this; a text that seems to is not one, and its rest is not read (a judgement).
MOST_STATEMENTS = 1_000


class UnreadablePaper(Exception):
    """Nothing can be read from this file; the message says why and, where there is one, the way out."""


@dataclass(frozen=True)
class Block:
    """A paragraph, an equation or a row of a table. `text` is normalised (math_text); `starts` holds, for each line of
    it, the offset in `text` and the line number in the file. A row has its `cells` and the `header` of its table."""

    kind: Literal["text", "equation", "row"]
    text: str
    section: str
    starts: tuple[tuple[int, int], ...]
    page: int | None = None
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()

    def line(self, offset: int) -> int:
        """The line of the file in which the character at `offset` stands."""
        index = bisect_right(self.starts, offset, key=lambda start: start[0]) - 1
        return self.starts[max(0, index)][1]


@dataclass(frozen=True)
class Paper:
    """The whole paper in reading order."""

    file: str
    title: str
    blocks: tuple[Block, ...]

    def place(self, block: Block, offset: int = 0) -> PaperPlace:
        line = None if block.page else block.line(offset)
        begin = max(0, offset - 2 * _QUOTE, block.text.rfind(". ", max(0, offset - 2 * _QUOTE), offset) + 1)
        quote = " ".join(block.text[begin : begin + 2 * _QUOTE].split())
        return PaperPlace(file=self.file, section=block.section, line=line, page=block.page, quote=quote[:_QUOTE])
