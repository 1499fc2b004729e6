from collections.abc import Callable

import pytest
from made_cases import crash, series

from misrun.evals.cases import EvalCase
from misrun.evals.views import ABLATIONS, VIEWS, before_onset, half_way, has_view, until
from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.partial import console_logs, last_lines
from misrun.tools.readers.run_record import CodeFile, ConfigValue, SourceFile
from misrun.tools.record import Span

Build = Callable[..., EvalCase]
FALLING = [3.0 - 0.02 * i + 0.01 * (i % 3) for i in range(120)]
RISING = [3.0 + 0.1 * i for i in range(120)]


def test_the_record_before_the_onset_holds_nothing_of_what_came_after(case: Build) -> None:
    oom = crash("cuda_oom", "CUDA out of memory", 100)
    late = case("c", "memory_hardware/device_oom", values=RISING, event=oom, onset=True)
    cut = until(late.run, 50)
    assert cut.series[0].steps[-1] == 50
    assert cut.events == ()
    assert cut.ending.status == "unknown"
    assert before_onset(late, 100) is None
    assert before_onset(late, 10) is not None


def test_a_cut_series_forgets_what_was_worked_out_from_all_of_it(case: Build) -> None:
    late = case("c", "optimization/unstable_arithmetic", values=[*FALLING[:80], float("nan")], onset=True)
    assert late.run.series[0].first_nonfinite == 80
    assert until(late.run, 50).series[0].first_nonfinite is None


@pytest.mark.parametrize("view", sorted(VIEWS))
@pytest.mark.parametrize("onset", [True, False])
def test_a_case_has_exactly_the_views_it_says(case: Build, view: str, onset: bool) -> None:
    one = case("c", "optimization/oscillation", values=FALLING, onset=onset)
    assert has_view(one, view) == (VIEWS[view](one) is not None)


def test_half_way_a_healthy_run_is_still_going(case: Build) -> None:
    facts = half_way(case("c", "healthy/healthy", values=FALLING))
    assert facts is not None
    assert facts.run.series[0].steps[-1] == 60
    assert facts.still_going
    assert half_way(case("c", "optimization/oscillation", values=FALLING)) is None


def test_what_is_pasted_are_the_last_lines_of_the_logs(case: Build) -> None:
    run = case("c", "healthy/healthy", values=FALLING, event=crash("cuda_oom", "CUDA out of memory", 130)).run
    files = (SourceFile(path="train.log", reader="text", bytes=1),)
    early = ConfigValue(name="lr", value=0.1, span=Span(file="train.log", first=3, last=3), origin="log")
    kept = last_lines(run.model_copy(update={"files": files, "config": (early,)}), 30)
    assert (kept.series[0].lines[0], kept.series[0].lines[-1]) == (101, 120)
    assert [e.name for e in kept.events] == ["cuda_oom"]
    assert kept.config == ()


def test_raw_logs_leave_out_metric_files_and_code(case: Build) -> None:
    run = case("c", "healthy/healthy", values=FALLING).run
    files = tuple(SourceFile(path=path, reader="text", bytes=1) for path in ("train.log", "metrics.csv"))
    both = run.model_copy(update={"files": files, "series": (*run.series, series("grad_norm", [1.0], "metrics.csv"))})
    kept = console_logs(both)
    assert [s.file for s in kept.series] == ["train.log"]
    assert [f.path for f in kept.files] == ["train.log"]


@pytest.fixture
def full(case: Build) -> EvalCase:
    """A case with one of everything that an ablation takes away."""
    oom = crash("cuda_oom", "CUDA out of memory", 100)
    one = case("c", "memory_hardware/device_oom", values=RISING, event=oom)
    phases = {"loss": "train", "memory": "system", "accuracy": "eval"}
    curves = tuple(series(name, [1.0, 2.0]).model_copy(update={"phase": phase}) for name, phase in phases.items())
    span = Span(file="train.py", first=1, last=1)
    run = one.run.model_copy(
        update={
            "series": curves,
            "config": (ConfigValue(name="lr", value=0.1, span=span, origin="yaml"),),
            "code": (CodeFile(path="train.py", lines=1, sha256=""),),
        }
    )
    finding = Finding(check="x", agent="silent_bug", mode="model_software/step_order", file="train.py", line=1,
                      last_line=1, severity="error", confidence=0.9, message="m", expected="e")  # fmt: skip
    return EvalCase(one.id, one.architecture, one.optimizer, one.answer, run, (finding,))


LEFT = {
    "without_text": ("loss memory accuracy", True, True),
    "without_training_curves": ("memory accuracy", True, True),
    "without_evaluation": ("loss memory", True, True),
    "without_machine": ("loss accuracy", True, True),
    "without_settings": ("loss memory accuracy", False, True),
    "without_code": ("loss memory accuracy", True, False),
}


@pytest.mark.parametrize("view", sorted(ABLATIONS))
def test_an_ablation_takes_away_its_group_and_nothing_else(full: EvalCase, view: str) -> None:
    facts = ABLATIONS[view](full)
    names, settings, code = LEFT[view]
    assert [s.name for s in facts.run.series] == names.split()
    assert bool(facts.run.config) == settings
    assert (bool(facts.run.code), bool(facts.findings)) == (code, code)
    assert bool(facts.run.events) == (view != "without_text")
