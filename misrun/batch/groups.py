"""Runs of a batch that failed alike."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from misrun.batch.row import BatchRow

_LAST = ("healthy/healthy", "undetermined", "not investigated")


class Group(NamedTuple):
    """Runs with one outcome and one thing in common, the surest first."""

    outcome: str
    like: str
    rows: tuple[BatchRow, ...]


def groups_of(rows: Iterable[BatchRow]) -> list[Group]:
    """The groups, failures first, of these the largest first: one cure may mend them all. Healthy runs, undetermined
    ones and those that could not be investigated come last."""
    members: dict[tuple[str, str], list[BatchRow]] = defaultdict(list)
    for row in rows:
        members[row.outcome, row.like].append(row)
    found = [
        Group(outcome, like, tuple(sorted(alike, key=lambda row: (-row.likelihood, row.run))))
        for (outcome, like), alike in members.items()
    ]
    return sorted(found, key=lambda group: (_place(group.outcome), -len(group.rows), group.outcome, group.like))


def _place(outcome: str) -> int:
    return _LAST.index(outcome) + 1 if outcome in _LAST else 0
