"""Benchmark support: which stored cases back a step, and that no run is ever backed by itself."""

import shutil
from pathlib import Path

import pytest
from small_runs import RunFolder, diagnosis, nan_run

from misrun.agents.cures.outcomes import (
    Case,
    by_nearness,
    code_digest,
    features_of,
    others,
    recorded_cases,
    run_digest,
    support_for,
)
from misrun.agents.step import Claim, NextStep
from misrun.agents.validator import validate
from misrun.report.wording import verdict_text
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.taxonomy import MODES
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.measure import measure

MODE, OTHER = "optimization/learning_rate_too_high", "optimization/oscillation"


def case(name: str, mode: str = MODE, value: float = 0.0, code: str = "", **outcomes: str) -> Case:
    return Case.model_validate(
        {"id": name, "mode": mode, "digest": name, "code": code, "features": {"a": value}, "outcomes": outcomes}
    )


def test_cases_of_the_mode_come_first_and_the_nearest_first_among_them() -> None:
    cases = [case("far", value=9.0, cut="worked"), case("near", value=1.0, cut="failed"),
             case("else", OTHER, 0.0, cut="worked"), case("untried", value=0.0, warm="worked")]  # fmt: skip
    found = support_for("cut", MODE, by_nearness(cases, {"a": 0.0}))
    assert (found.worked, found.failed, found.of) == (("far", "else"), ("near",), 3)
    assert support_for("cut", MODE, by_nearness(cases, {"a": 0.0})[:1]).worked == ("else",)
    assert support_for("warm", MODE, by_nearness(cases, {"a": 0.0})).worked == ("untried",)
    assert support_for("never done", MODE, cases).of == 0


def test_what_is_far_and_of_another_mode_says_nothing() -> None:
    near = [case(f"n{i}", value=0.1 * i) for i in range(10)]
    cases = [*near, case("far", OTHER, 99.0, cut="worked")]
    assert support_for("cut", MODE, by_nearness(cases, {"a": 0.0})).of == 0
    assert support_for("cut", OTHER, by_nearness(cases, {"a": 0.0})).worked == ("far",)


def test_a_feature_that_only_one_run_tells_is_a_difference() -> None:
    both, none = case("both", value=5.0), Case(id="none", mode=MODE, digest="n", code="", features={}, outcomes={})
    assert [c.id for c in by_nearness([none, both, case("x", value=4.9)], {"a": 5.0})] == ["both", "x", "none"]


def a_step(action: str) -> NextStep:
    claims = tuple(Claim(part=part, text="Do it.") for part in ("what", "how", "verify"))
    return NextStep(what="Do it.", why="", how="Do it.", verify="Do it.", mode=MODE, likelihood=0.5, effort="one line",
                    diagnostic_value=0.1, claims=claims, action=action)  # fmt: skip


def test_the_validator_names_the_cases_and_the_report_shows_them(tmp_path: Path) -> None:
    run = nan_run(tmp_path).build()
    cases = [case("r1", cut="worked"), case("r2", cut="failed"), case("r3", cut="worked")]
    checked = validate((a_step("cut"), a_step("else")), run, (), (), diagnosis((MODE, 0.8)), (), cases).steps
    first, second = (step.verdict for step in checked)
    assert first is not None and second is not None
    assert (first.support, first.of, first.worked, first.failed) == (2, 3, ("r1", "r3"), ("r2",))
    assert "worked in 2 of 3 like benchmark runs (r1, r3; not in r2)" in verdict_text(checked[0])
    assert second.of == 0 and "benchmark" not in verdict_text(checked[1])


def test_no_run_supports_itself_wherever_it_lies_and_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    run = nan_run(tmp_path / "one").build()
    shutil.copytree(tmp_path / "one", tmp_path / "another name")
    moved = run.model_copy(update={"root": str(tmp_path / "another name")})
    own = Case(id="own", mode=MODE, digest=run_digest(run), code="", features={}, outcomes={"cut": "worked"})
    checked = validate((a_step("cut"),), moved, (), (), diagnosis((MODE, 0.8)), (), [own]).steps[0]
    assert checked.verdict is not None and checked.verdict.of == 0


def test_another_run_of_the_same_code_is_no_support(tmp_path: Path) -> None:
    runs: list[RunRecord] = []
    for seed in (1, 2):
        folder = RunFolder(tmp_path / str(seed))
        folder.code("train.py", "import torch\n")
        folder.point(1, loss=float(seed))
        runs.append(folder.build())
    one, two = runs
    assert run_digest(one) != run_digest(two) and code_digest(one) == code_digest(two)
    known = case("one", code=code_digest(one), cut="worked")
    assert others([known], two) == ()
    assert others([known], nan_run(tmp_path / "x").build()) == (known,)


def test_the_shipped_table_names_known_modes_and_outcomes() -> None:
    cases = recorded_cases()
    assert len({c.id for c in cases}) == len({c.digest for c in cases}) == len(cases) > 0
    assert {c.mode for c in cases} <= set(MODES)
    assert sum("worked" in c.outcomes.values() for c in cases) > 20


@pytest.mark.parametrize("name", ["r001", "r005"])
def test_a_scenario_is_not_judged_by_its_own_line_of_the_shipped_table(tmp_path: Path, name: str) -> None:
    """Its line is there, is told apart by content alone, and is left out when that very run is investigated."""
    run = read_run(lay_out(load(name), tmp_path / "elsewhere"))
    mine = next(c for c in recorded_cases() if c.id == name)
    assert mine.digest == run_digest(run)
    assert mine.features == features_of(Facts(run, measure(run)))
    left = others(recorded_cases(), run)
    assert name not in [c.id for c in left]
    assert len(left) == len(recorded_cases()) - 1
