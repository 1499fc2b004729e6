"""The sentences of a block, with their offsets."""

import re
from collections.abc import Iterator

from misrun.tools.paper.document import Block

# A full stop ends a sentence before a capital or a line end, unless it stands in a number or after one letter ("e.g.").
_END = re.compile(
    r"(?<![\s.][A-Za-z])(?<!Fig)(?<!Eq)(?<!al)(?<!vs)[.;!?](?=\s+[A-Z(\[]|\s*$)|\n(?=[A-Z][\w -]{2,40}(?:\s{2,}|: ))"
)


# A longer sentence is no prose; its parts are read apart, so that the patterns stay quick on any text (a judgement).
LONGEST = 1_500


def sentences(block: Block) -> Iterator[tuple[int, str]]:
    """(offset in the block, text) of each sentence; an equation is one."""
    start = 0
    for end in _END.finditer(block.text) if block.kind != "equation" else ():
        yield from _pieces(block.text, start, end.end())
        start = end.end()
    yield from _pieces(block.text, start, len(block.text))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for begin in range(start, end, LONGEST):
        piece = text[begin : min(begin + LONGEST, end)]
        if piece.strip():
            yield begin, piece
