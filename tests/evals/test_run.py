from collections.abc import Callable
from pathlib import Path

import pytest
from made_cases import crash, series

from misrun.evals.cases import EvalCase, fingerprint, logs_only, until
from misrun.evals.fit import fitted
from misrun.evals.methods import METHODS
from misrun.evals.run import HUMAN, Task, evaluate, plan, run
from misrun.evals.splits import Fold, stratified
from misrun.evals.summary import by_method, comparisons, summarise

Build = Callable[..., EvalCase]
FALLING = [3.0 - 0.02 * i + 0.01 * (i % 3) for i in range(120)]
RISING = [3.0 + 0.1 * i for i in range(120)]


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


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_answers_every_case_with_what_its_record_promises(method: str, cases: list[EvalCase]) -> None:
    fold = next(iter(stratified(cases)))
    rows = evaluate(cases, Task(method, fold))
    assert [row.scenario for row in rows] == [cases[i].id for i in fold.test]
    assert all(row.error is None and 0 <= row.probability <= 1 for row in rows)
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


def test_the_simulated_human_is_right_about_as_often_as_the_paper_s_people(case: Build) -> None:
    many = [case(f"c{i}", "optimization/oscillation" if i % 2 else "healthy/healthy") for i in range(600)]
    rows = evaluate(many, Task(HUMAN, Fold("stratified", "all", tuple(range(600)), tuple(range(600)))))
    assert sum(row.hit for row in rows) / 600 == pytest.approx(0.705, abs=0.06)


def test_an_interrupted_run_goes_on_and_comes_to_the_same_rows(cases: list[EvalCase], tmp_path: Path) -> None:
    tasks = [task for task in plan(cases, ["most_frequent", "simple_rules"]) if task.fold.split == "stratified"]
    whole = run(cases, tasks, tmp_path / "whole.jsonl", 1, lambda task: None)
    half = tmp_path / "half.jsonl"
    run(cases, tasks[:4], half, 1, lambda task: None)
    half.write_text(half.read_text() + '{"scenario": "cut sho')
    worked: list[Task] = []
    rest = run(cases, tasks, half, 1, worked.append)
    assert len(worked) == len(tasks) - 4

    def plain(rows: object) -> list[object]:
        return sorted(row.model_copy(update={"seconds": 0.0}).model_dump_json() for row in rows)  # type: ignore[attr-defined]

    assert plain(rest) == plain(whole)


def test_the_record_before_the_onset_holds_nothing_of_what_came_after(case: Build) -> None:
    oom = crash("cuda_oom", "CUDA out of memory", 100)
    late = case("c", "memory_hardware/device_oom", values=RISING, event=oom, onset=True)
    cut = until(late.run, 50)
    assert cut.series[0].steps[-1] == 50
    assert cut.events == ()
    assert cut.ending.status == "unknown"
    assert late.facts_before(100) is None
    assert late.facts_before(10) is not None


def test_raw_logs_leave_out_metric_files_and_code(case: Build) -> None:
    run_record = case("c", "healthy/healthy", values=FALLING).run
    both = run_record.model_copy(
        update={
            "files": tuple(
                run_file
                for run_file in (
                    _file("train.log"),
                    _file("metrics.csv"),
                )
            ),
            "series": (*run_record.series, series("grad_norm", [1.0], "metrics.csv")),
        }
    )
    kept = logs_only(both)
    assert [s.file for s in kept.series] == ["train.log"]
    assert [f.path for f in kept.files] == ["train.log"]


def _file(path: str) -> object:
    from misrun.tools.readers.run_record import SourceFile

    return SourceFile(path=path, reader="text", bytes=1)


def test_a_summary_counts_failing_and_healthy_cases_apart(cases: list[EvalCase]) -> None:
    tasks = [task for task in plan(cases, ["most_frequent", "misrun"]) if task.fold.split == "stratified"]
    rows = [row for task in tasks for row in evaluate(cases, task)]
    found = {method: summarise(group) for (_, method), group in by_method(rows).items()}
    assert found["misrun"].category.n == 18
    assert found["misrun"].false_alarms.n == 6
    assert found["most_frequent"].category.k <= 6
    (comparison,) = comparisons(rows, "stratified", "misrun")
    assert comparison.second == "most_frequent"
    assert (
        comparison.only_first - comparison.only_second == found["misrun"].category.k - found["most_frequent"].category.k
    )


def test_the_fingerprint_follows_what_is_seen_and_not_what_it_is_called(case: Build) -> None:
    one = case("a", "optimization/oscillation", values=RISING)
    renamed = EvalCase("b", None, None, one.answer, one.run.model_copy(update={"root": "/elsewhere"}), ())
    other = case("a", "optimization/oscillation", values=FALLING)
    assert fingerprint([one]) == fingerprint([renamed])
    assert fingerprint([one]) != fingerprint([other])


def test_the_fitted_weights_prefer_the_kind_of_evidence_that_was_right(case: Build) -> None:
    """Text that names the label in every case is trusted more than it was, and "something else" less."""
    oom = crash("cuda_oom", "CUDA out of memory. Tried to allocate 2.00 GiB", 130)
    cases = [case(f"m{i}", "memory_hardware/device_oom", event=oom) for i in range(20)]
    weights = fitted(cases)["fusion"]
    assert isinstance(weights, dict)
    assert weights["kinds"]["text"] > 1
    assert weights["unknown"] < 1.5
