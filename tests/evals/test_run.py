import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_cases import crash

from misrun.evals.cases import EvalCase, fingerprint
from misrun.evals.methods import METHODS
from misrun.evals.run import Task, evaluate, read_rows, run
from misrun.evals.splits import Fold, folds_of, stratified
from misrun.evals.summary import by_method, comparisons, summarise
from misrun.tools.diagnosis.methods.simulated_human import SimulatedHuman

Build = Callable[..., EvalCase]
FALLING = [3.0 - 0.02 * i + 0.01 * (i % 3) for i in range(120)]
RISING = [3.0 + 0.1 * i for i in range(120)]
# Methods that ask a language model are tested with a scripted one (tests/diagnosis).
OFFLINE = sorted(name for name in METHODS if "llm" not in name)


@pytest.fixture
def cases(case: Build) -> list[EvalCase]:
    oom = crash("cuda_oom", "CUDA out of memory. Tried to allocate 2.00 GiB", 130)
    shape = crash("shape_mismatch", "mat1 and mat2 shapes cannot be multiplied (4x8 and 7x3)", 1)
    return [
        *(case(f"m{i}", "memory_hardware/device_oom", values=FALLING, event=oom) for i in range(6)),
        *(case(f"s{i}", "model_software/shape_mismatch", event=shape) for i in range(6)),
        *(case(f"d{i}", "optimization/learning_rate_too_high", values=RISING, onset=True) for i in range(6)),
        *(case(f"h{i}", "healthy/healthy", values=FALLING) for i in range(6)),
    ]


@pytest.mark.parametrize("method", OFFLINE)
def test_every_method_answers_every_case_with_what_its_record_promises(method: str, cases: list[EvalCase]) -> None:
    fold = next(iter(stratified(cases)))
    rows = evaluate(cases, Task(method, fold))
    assert [row.scenario for row in rows] == [cases[i].id for i in fold.test]
    assert all(row.error is None and row.probability is not None and 0 <= row.probability <= 1 for row in rows)
    assert all(row.evidence or row.abstained for row in rows)


@pytest.mark.parametrize("method", ["simple_rules", "random_forest", "misrun"])
def test_names_of_cases_and_folders_are_no_evidence(method: str, cases: list[EvalCase]) -> None:
    fold = next(iter(stratified(cases)))
    renamed = [
        EvalCase(f"x{99 - i}", c.architecture, c.optimizer, c.answer, c.run.model_copy(update={"root": f"/z/{i}"}), ())
        for i, c in enumerate(cases)
    ]
    told = [[row.model_copy(update={"scenario": "", "seconds": 0.0}) for row in evaluate(these, Task(method, fold))]
            for these in (cases, renamed)]  # fmt: skip
    assert told[0] == told[1]


def test_an_obvious_error_is_told_right_and_a_method_that_fails_is_a_row(
    cases: list[EvalCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Fold("stratified", "one", tuple(range(1, 24)), (0,))
    (row,) = evaluate(cases, Task("misrun", fold))
    assert (row.hit, row.mode_hit, row.top3_hit) == (True, True, True)

    def fails(self: object, facts: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("misrun.tools.diagnosis.methods.fusion.FusionMethod.predict", fails)
    (row,) = evaluate(cases, Task("misrun", fold))
    assert (row.error, row.hit, row.predicted_category) == ("ZeroDivisionError: oh", False, "error")


def test_a_method_that_cannot_be_fitted_is_rows_of_its_fold(cases: list[EvalCase]) -> None:
    nothing_to_learn_from = Fold("stratified", "none", (), (0, 7))
    rows = evaluate(cases, Task("logistic_regression", nothing_to_learn_from))
    assert [row.scenario for row in rows] == ["m0", "s1"]
    assert all(row.error and not row.hit for row in rows)


def test_the_simulated_human_is_right_about_as_often_as_the_paper_s_people(case: Build) -> None:
    many = [case(f"c{i}", "optimization/oscillation" if i % 2 else "healthy/healthy") for i in range(600)]
    rows = evaluate(many, Task(SimulatedHuman.name, Fold("stratified", "all", tuple(range(600)), tuple(range(600)))))
    assert sum(row.hit for row in rows) / 600 == pytest.approx(0.705, abs=0.06)


def tasks_of(cases: list[EvalCase], methods: list[str]) -> list[Task]:
    return [Task(method, fold) for method in methods for fold in folds_of(cases) if fold.split == "stratified"]


def test_an_interrupted_run_goes_on_and_comes_to_the_same_rows(cases: list[EvalCase], tmp_path: Path) -> None:
    tasks = tasks_of(cases, ["most_frequent", "simple_rules"])
    whole = run(cases, tasks, tmp_path / "whole.jsonl", 1)
    half = tmp_path / "half.jsonl"
    run(cases, tasks[:4], half, 1)
    half.write_text(half.read_text() + '{"scenario": "cut sho')
    worked: list[Task] = []
    rest = run(cases, tasks, half, 1, done=worked.append)
    assert len(worked) == len(tasks) - 4

    def plain(rows: object) -> list[object]:
        return sorted(row.model_copy(update={"seconds": 0.0}).model_dump_json() for row in rows)  # type: ignore[attr-defined]

    assert plain(rest) == plain(whole) == plain(read_rows(half))


def test_rows_on_disk_are_the_contract_and_nothing_else(cases: list[EvalCase], tmp_path: Path) -> None:
    run(cases, tasks_of(cases, ["most_frequent"]), tmp_path / "results.jsonl", 1)
    contract = {"scenario", "method", "split", "category", "mode", "predicted_category", "predicted_mode", "top_modes",
                "probability", "abstained", "seconds", "error"}  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert len(lines) == len(cases)
    assert all(contract <= line.keys() for line in lines)


def test_grouped_folds_judge_a_late_failure_before_its_onset_too(cases: list[EvalCase]) -> None:
    folds = [fold for fold in folds_of(cases) if fold.split == "grouped"]
    rows = [row for fold in folds for row in evaluate(cases, Task("most_frequent", fold))]
    by_split = {split: {row.scenario for row in rows if row.split == split} for split in {row.split for row in rows}}
    late = {case.id for case in cases if case.onset}
    assert by_split["grouped"] == by_split["logs_only"] == by_split["pasted"] == {case.id for case in cases}
    assert by_split["half_way"] == {case.id for case in cases if case.category == "healthy"}
    # The onset is step 60, so that 100 steps before it there is nothing.
    assert by_split["lead_10"] == by_split["lead_50"] == late
    assert "lead_100" not in by_split


def test_a_summary_counts_failing_and_healthy_cases_apart(cases: list[EvalCase]) -> None:
    rows = [row for task in tasks_of(cases, ["most_frequent", "misrun"]) for row in evaluate(cases, task)]
    found = {method: summarise(group) for (_, method), group in by_method(rows).items()}
    assert found["misrun"].category.n == 18
    assert found["misrun"].false_alarms.n == 6
    assert found["most_frequent"].category.k <= 6
    (comparison,) = comparisons(rows, "stratified")
    assert comparison.second == "most_frequent"
    gained = found["misrun"].category.k - found["most_frequent"].category.k
    assert comparison.only_first - comparison.only_second == gained


def test_the_fingerprint_follows_what_is_seen_and_not_what_it_is_called(case: Build) -> None:
    one = case("a", "optimization/oscillation", values=RISING)
    renamed = EvalCase("b", None, None, one.answer, one.run.model_copy(update={"root": "/elsewhere"}), ())
    other = case("a", "optimization/oscillation", values=FALLING)
    assert fingerprint([one]) == fingerprint([renamed])
    assert fingerprint([one]) != fingerprint([other])
