"""What counts as harm, and what is carried out again."""

from pathlib import Path

import pytest

from misrun.agents.step import NextStep
from misrun.evals.cure_table import case_of
from misrun.evals.cures import CureRow, _is_same, is_curable, is_worse, summary
from misrun.scenarios.execution import Outcome
from misrun.scenarios.library import load
from misrun.scenarios.schema import Bound, Success

SUCCESS = Success(bounds={"accuracy": Bound(at_least=0.9), "loss": Bound(at_most=0.5)})


def ran(accuracy: float | None = None, loss: float = 0.6, exit_code: int | None = 0) -> Outcome:
    checks = {} if accuracy is None else {"accuracy": accuracy, "loss": loss}
    return Outcome(exit_code=exit_code, seconds=1.0, files={}, checks=checks)


@pytest.mark.parametrize(
    ("changed", "worse"),
    [
        (ran(0.7), False),
        (ran(0.68), False),  # as far from its bound as before, give or take 5 % of the bound
        (ran(0.6), True),
        (ran(0.95, loss=0.7), True),  # one number better, another worse
        (ran(0.95, loss=0.2), False),
        (ran(float("nan")), True),
        (ran(), True),  # the check cannot be made any more
        (ran(exit_code=1), True),
        (ran(exit_code=None), True),
    ],
)
def test_harm_is_a_run_that_is_worse_off_than_unchanged(changed: Outcome, worse: bool) -> None:
    assert is_worse(SUCCESS, changed, ran(0.7)) is worse


def row(**fields: object) -> CureRow:
    known = {
        "scenario": "r001",
        "mode": "m",
        "said": "m",
        "rank": 1,
        "action": "cut",
        "what": "Cut.",
        "outcome": "cured",
    }
    return CureRow.model_validate({**known, **fields})


def test_only_the_same_patch_on_the_same_scenario_is_known_already() -> None:
    step = NextStep(what="Cut.", why="", how="", verify="", mode="m", likelihood=0.5, effort="one line",
                    diagnostic_value=0.0, patch="--- a", action="cut")  # fmt: skip
    assert _is_same(row(patch="--- a"), "r001", step)
    assert not _is_same(row(patch="--- a"), "r002", step)
    assert not _is_same(row(patch="--- b"), "r001", step)
    assert not _is_same(row(patch="--- a", arguments=("--lr", "1")), "r001", step)
    assert not _is_same(row(patch="--- a", outcome="not run"), "r001", step)


def test_the_summary_counts_scenarios_and_harm() -> None:
    rows = [row(), row(rank=2, outcome="harmful"), row(scenario="r002", outcome="not executable"),
            row(scenario="r002", rank=2)]  # fmt: skip
    said = summary(rows, 3)
    assert "top step cures: 1/3" in said
    assert "one of the top three: 2/3" in said
    assert "carried out: 3/4" in said and "harmful: 1" in said


def test_scenarios_whose_cause_cannot_be_known_are_not_counted() -> None:
    assert is_curable(load("r001"))
    assert not is_curable(load("r028")), "handed over without what would tell"
    assert not is_curable(load("r012")), "healthy"


def test_a_line_of_the_table_holds_what_was_carried_out(tmp_path: Path) -> None:
    rows = [row(), row(action="warm", outcome="harmful"), row(action="wait", outcome="not executable"),
            row(scenario="r002", action="other")]  # fmt: skip
    case = case_of(load("r001"), rows)
    assert case.outcomes == {"cut": "worked", "warm": "failed"}
    assert case.mode == "data_pipeline/truncation"
    assert case.features and case.code
