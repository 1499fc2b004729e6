"""How far the log of each rank goes in a file that many ranks write: its last line, and when that was printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from misrun.tools.readers.lines.line import LABEL, PREFIX, rank_of_prefix
from misrun.tools.readers.lines.stamps import stamp

_PREFIXES = re.compile(f"(?:{PREFIX})".encode())
_HEADS = re.compile(f"(?:{PREFIX}):? ?".encode())
_LABELS = re.compile(LABEL.encode())
# srun labels every line; below this share the numbers are those of the program ("12: loss 0.3").
_LABELLED_SHARE = 0.95
# As many lines show whether numbers at the head of lines are ranks that alternate or steps that grow.
_SHOWN = 200
# So many lines at the end of a block are looked through for ranks that the block before did not hold.
_TURNS = 200


@dataclass(frozen=True, slots=True)
class Tail:
    """The last line of a rank; `time` as `stamps.stamp` gives it."""

    rank: int
    line: int
    time: float | None


def is_labelled(lines: Sequence[bytes]) -> bool:
    """Whether these first lines of a file carry the label of srun, a number that goes back and forth between few."""
    shown = [line for line in lines[:_SHOWN] if line.strip()]
    labels = [int(found[0].strip(b" :")) for line in shown if (found := _LABELS.match(line))]
    if len(labels) < max(2.0, _LABELLED_SHARE * len(shown)):
        return False
    ranks = set(labels)
    return 1 < len(ranks) < len(labels) and ranks == set(range(len(ranks))) and labels != sorted(labels)


@dataclass
class RankTails:
    """Follows the ranks block by block; the block before is kept, for what a rank that fell silent said last."""

    labelled: bool
    _first: int = 1
    _lines: Sequence[bytes] = ()
    _present: dict[int, int] = field(default_factory=dict)  # rank -> place of its last line in the block
    _gone: dict[int, Tail] = field(default_factory=dict)

    def block(self, first: int, lines: Sequence[bytes]) -> None:
        """The lines `first`, `first` + 1, ... Read from their end until all ranks of the block before are found: ranks
        that write in turns stand close together."""
        prefix = _LABELS if self.labelled else _PREFIXES
        missing = set(self._present)
        present: dict[int, int] = {}
        at = len(lines)
        while at > 0 and (missing or at > len(lines) - _TURNS or not self._present):
            at -= 1
            if found := prefix.match(lines[at]):
                rank = rank_of_prefix(found[0].decode())
                present.setdefault(rank, at)
                missing.discard(rank)
        self._gone.update({rank: self._tail(rank) for rank in missing})
        for rank in present:
            self._gone.pop(rank, None)
        self._first, self._lines, self._present = first, lines, present

    def prefixed(self, line: bytes) -> tuple[bytes, int | None]:
        """The line without the rank at its head, and that rank."""
        found = (_LABELS if self.labelled else _HEADS).match(line)
        return (line[found.end() :], rank_of_prefix(found[0].decode())) if found else (line, None)

    def tails(self) -> list[Tail]:
        """All ranks seen, in their order."""
        found = {**self._gone, **{rank: self._tail(rank) for rank in self._present}}
        return [found[rank] for rank in sorted(found)]

    def _tail(self, rank: int) -> Tail:
        place = self._present[rank]
        return Tail(rank, self._first + place, stamp(self._lines[place].decode("utf-8", "replace")))
