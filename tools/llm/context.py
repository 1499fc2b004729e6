"""Fits text into the room that a model has: the most relevant lines stay, in their order, and what is left out is said.

A prompt that is too long is cut by the server without a word, at its beginning, where the instructions stand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from misrun.tools.signals.wording import plural

# What current vocabularies make a token of: a digit, a symbol, a space that no letter follows, about five letters.
# Measured with Qwen2.5's: a table of numbers takes 0.95 tokens per character, log lines 0.67, English 0.25; a count by
# characters would be wrong by a factor of four one way or the other.
_TOKEN = re.compile(r"[A-Za-z]{1,5}|\s+(?![A-Za-z\s])|[^\sA-Za-z]")


@dataclass(frozen=True)
class Line:
    """One line that may be left out; the higher `relevance`, the later."""

    text: str
    relevance: float = 0.0


def tokens_of(text: str) -> int:
    """About how many tokens a text is, rather too many than too few."""
    return sum(1 for _ in _TOKEN.finditer(text)) + 1


def fitted(lines: Sequence[Line], room: int) -> str:
    """The lines that fit into `room` tokens, most relevant first, of equals the earlier; gaps are counted."""
    kept = _kept(lines, room)
    parts: list[str] = []
    gap = 0
    for index, line in enumerate(lines):
        if index in kept:
            parts += [*_left_out(gap), line.text]
            gap = 0
        else:
            gap += 1
    return "\n".join([*parts, *_left_out(gap)])


def _kept(lines: Sequence[Line], room: int) -> set[int]:
    """Indices of the lines that fit, each that stands apart from the others with the mark of the gap before it."""
    if sum(tokens_of(line.text) for line in lines) <= room:
        return set(range(len(lines)))
    mark = tokens_of(_left_out(len(lines))[0])
    left, kept = room - mark, set[int]()
    for index in sorted(range(len(lines)), key=lambda i: (-lines[i].relevance, i)):
        apart = not {index - 1, index + 1} & kept
        cost = tokens_of(lines[index].text) + (mark if apart else 0)
        if cost <= left:
            kept.add(index)
            left -= cost
    return kept


def _left_out(count: int) -> list[str]:
    return [f"[{plural(count, 'line')} left out]"] if count else []
