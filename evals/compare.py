"""Two evaluations case by case: what got worse and what got better."""

from collections.abc import Sequence
from pathlib import Path

from misrun.evals.row import Row
from misrun.evals.run import read_rows
from misrun.tools.record import Record


class Change(Record):
    """A judgement that was right and is wrong now (`worse`), or the other way round; `was` and `now` as told."""

    scenario: str
    method: str
    split: str
    worse: bool
    was: str
    now: str


class NothingToCompare(ValueError):
    """The file holds no row of an evaluation; the message says so in words for the user."""


def compare_with(path: Path, rows: Sequence[Row]) -> tuple[Change, ...]:
    """Every case that both evaluations judged and judged differently; worse ones first."""
    earlier = {row.key: row for row in read_rows(path)}
    if not earlier:
        raise NothingToCompare(f"{path} holds no row of an evaluation: give the results.jsonl of an earlier one")
    both = [(earlier[row.key], row) for row in rows if row.key in earlier]
    changes = [_change(old, new) for old, new in both if old.hit != new.hit]
    return tuple(sorted(changes, key=lambda c: (not c.worse, c.method, c.split, c.scenario)))


def _change(old: Row, new: Row) -> Change:
    return Change(
        scenario=new.scenario, method=new.method, split=new.split, worse=old.hit, was=_said(old), now=_said(new)
    )


def _said(row: Row) -> str:
    if row.error:
        return f"error: {row.error}"
    return f"abstained: {row.reason}" if row.abstained else f"{row.predicted_mode} ({row.probability or 0:.2f})"
