"""Planted discrepancies are found at their places, and code that agrees with its paper is left in peace.

The numbers are those that were measured; pairs in `fresh` were written before the auditor and its misses were never
looked at; those in `late` were measured once and then looked at.
"""

from pathlib import Path

import pytest
from paper_pairs import Pair, compared, is_found, load_pairs

FOLDERS = ("pairs", "late", "fresh")
PLANTED = {"pairs": (81, 81), "late": (38, 38), "fresh": (50, 53)}
FALSE = {"pairs": (0, 20), "late": (0, 10), "fresh": (0, 12)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_planted_discrepancies_are_found(folder: str, tmp_path: Path) -> None:
    cases = [(pair, planted) for pair in load_pairs(folder) for planted in pair.planted]
    found = [is_found(pair, planted, tmp_path / str(index)) for index, (pair, planted) in enumerate(cases)]
    at_least, of = PLANTED[folder]
    assert len(cases) == of
    assert sum(found) >= at_least


@pytest.mark.parametrize("folder", FOLDERS)
def test_code_that_agrees_with_its_paper_has_no_discrepancy(folder: str, tmp_path: Path) -> None:
    pairs = load_pairs(folder)
    accused = [pair.name for pair in pairs if _discrepancies(pair, tmp_path / pair.name)]
    at_most, of = FALSE[folder]
    assert len(pairs) == of
    assert len(accused) <= at_most, accused


def _discrepancies(pair: Pair, folder: Path) -> list[str]:
    return [row.topic for row in compared(pair, None, folder) if row.outcome == "discrepancy"]


@pytest.mark.parametrize("pair", load_pairs("pairs"), ids=lambda pair: pair.name)
def test_every_row_can_be_looked_up(pair: Pair, tmp_path: Path) -> None:
    """Paper places and code places exist, and what is not verified says why."""
    rows = compared(pair, None, tmp_path)
    assert any(row.outcome == "verified" for row in rows)
    for row in rows:
        for span in row.code:
            lines = (tmp_path / "code" / span.file).read_text().count("\n") + 1
            assert 1 <= span.first <= span.last <= lines, row
        if row.outcome != "not_in_paper":
            assert row.paper is not None and (row.paper.line or row.paper.page), row
            assert (row.paper.line or 1) <= pair.text.count("\n") + 1
        if row.outcome in ("verified", "discrepancy", "departure", "not_in_paper"):
            assert row.code, row
        if row.outcome in ("ambiguous", "not_verified", "departure"):
            assert row.reason, row


def test_what_only_the_code_has_is_listed(tmp_path: Path) -> None:
    pair = next(pair for pair in load_pairs("pairs") if pair.name == "departure")
    paper = pair.text.replace(", and use dropout with probability 0.5", "")
    rows = compared(Pair(pair.name, pair.paper, paper, pair.files, ()), None, tmp_path)
    unstated = [(row.topic, str(row.code[0])) for row in rows if row.outcome == "not_in_paper"]
    assert unstated == [("dropout", "train.py:6")]
