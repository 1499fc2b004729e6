"""The scorer on hand-made facts: what it answers, when it abstains, what it asks for."""

import pytest

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.clues.registry import CLUES
from misrun.tools.diagnosis.evidence_scorer import ABSTAIN_BELOW, diagnose
from misrun.tools.diagnosis.explains import EXPLAINS, FOLLOWS_FROM
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.taxonomy import MODES, UNKNOWN
from misrun.tools.readers.run_record import CodeFile, ConfigValue, Ending, Event, Frame, RunRecord, Series
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS
from misrun.tools.record import Span
from misrun.tools.signals.catalogue import CATALOGUE
from misrun.tools.signals.signal import Signal

HERE = Span(file="train.log", first=10, last=10)


def signal(name: str, strength: float = 1.0, **values: float) -> Signal:
    return Signal(name=name, text=f"{name} was measured.", strength=strength, spans=(HERE,), values=dict(values))


def event(name: str, *, secondary: bool = False, frames: tuple[Frame, ...] = ()) -> Event:
    return Event(name=name, kind="error", message=name, span=HERE, secondary=secondary, frames=frames)


def loss(*values: float) -> Series:
    steps = tuple(float(i) for i in range(len(values)))
    return Series(name="loss", raw_name="loss", phase="train", file="train.log", step_kind="step", steps=steps,
                  values=values, lines=tuple(range(1, len(values) + 1)))  # fmt: skip


def oom(**values: float) -> Facts:
    run = RunRecord(
        root=".", events=(event("cuda_oom"),), ending=Ending(status="crashed", last_step=values.pop("last", 1))
    )
    return Facts(run, [signal("error.cuda_oom", **values)])


def finding(mode: str, confidence: float) -> Finding:
    return Finding(check="unclamped-log", agent="silent_bug", file="train.py", line=3, last_line=3, severity="error",
                   confidence=confidence, message="log of 0", expected="a clamp", mode=mode)  # fmt: skip


def test_an_out_of_memory_error_on_the_first_step_is_the_workload() -> None:
    answer = diagnose(oom(tried_mib=2000, total_mib=16000, free_mib=100, reserved_mib=15500, allocated_mib=15400))
    assert (answer.mode, answer.abstained) == ("memory_hardware/device_oom", False)
    assert answer.likelihood > 0.9


@pytest.mark.parametrize(
    ("numbers", "mode"),
    [
        ({"tried_mib": 2000, "total_mib": 16000, "free_mib": 900, "other_process_mib": 12000}, "memory_hardware/device_shared"),
        ({"tried_mib": 100, "total_mib": 16000, "free_mib": 20, "reserved_mib": 15000, "allocated_mib": 9000}, "memory_hardware/fragmentation"),
    ],
)  # fmt: skip
def test_the_numbers_of_the_message_tell_the_kind_of_out_of_memory(numbers: dict[str, float], mode: str) -> None:
    assert diagnose(oom(**numbers)).mode == mode


def test_a_failure_inside_the_evaluation_points_at_the_evaluation() -> None:
    frames = (Frame(file="train.py", line=80, function="evaluate"),)
    run = RunRecord(root=".", events=(event("cuda_oom", frames=frames),), ending=Ending(status="crashed"))
    assert diagnose(Facts(run, [signal("error.cuda_oom")])).mode == "memory_hardware/evaluation_memory"


def test_growing_memory_turns_an_out_of_memory_error_into_a_leak() -> None:
    run = RunRecord(root=".", events=(event("cuda_oom"),), ending=Ending(status="crashed", last_step=900))
    assert (
        diagnose(Facts(run, [signal("error.cuda_oom"), signal("memory_growth")])).mode == "memory_hardware/memory_leak"
    )


def test_a_sudden_nan_with_a_matching_finding_names_the_arithmetic() -> None:
    run = RunRecord(root=".", series=(loss(0.7, 0.5, float("nan")),))
    answer = diagnose(Facts(run, [signal("loss_nonfinite")], [finding("optimization/unstable_arithmetic", 0.9)]))
    assert answer.mode == "optimization/unstable_arithmetic"
    assert any(g.source == "unclamped-log" and g.spans[0].file == "train.py" for g in answer.hypotheses[0].supporting)


def test_fp16_makes_the_same_nan_an_overflow() -> None:
    config = (ConfigValue(name="fp16", value=True, span=HERE, origin="yaml"),)
    run = RunRecord(root=".", config=config, series=(loss(0.7, float("nan")),))
    answer = diagnose(Facts(run, [signal("loss_nonfinite"), signal("loss_scale_collapse")]))
    assert answer.mode == "optimization/low_precision_overflow"


def test_consequences_do_not_outvote_the_root() -> None:
    events = (event("target_out_of_bounds"), event("collective_timeout", secondary=True))
    run = RunRecord(root=".", events=events, ending=Ending(status="crashed"))
    answer = diagnose(Facts(run, [signal("error.collective_timeout"), signal("error.target_out_of_bounds")]))
    assert answer.mode == "data_pipeline/label_range"


def test_nothing_measured_is_not_an_answer_and_asks_for_the_log() -> None:
    answer = diagnose(Facts(RunRecord(root="."), []))
    assert (answer.category, answer.mode, answer.abstained) == ("unknown", UNKNOWN, True)
    assert answer.missing is not None
    assert "console log" in answer.missing


def test_weak_evidence_abstains_and_names_the_missing_series() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 1.9, 2.1),), ending=Ending(status="finished"))
    answer = diagnose(Facts(run, [signal("loss_spike", 0.5)]))
    assert answer.abstained
    assert "gradient norm" in (answer.missing or "")


def test_conflicting_categories_abstain_and_say_so() -> None:
    run = RunRecord(root=".", series=(loss(2.3, 2.3),), code=(CodeFile(path="t.py", lines=1, sha256=""),))
    answer = diagnose(
        Facts(
            run, [signal("validation_suspiciously_good", 0.95), signal("validation_noisy"), signal("loss_oscillation")]
        )
    )
    assert answer.abstained
    assert "conflict" in answer.reason or "only" in answer.reason


def test_a_finished_improving_run_without_alarm_is_healthy() -> None:
    run = RunRecord(root=".", series=(loss(2.3, 1.0, 0.4),), ending=Ending(status="finished"))
    assert diagnose(Facts(run, [signal("loss_improving"), signal("run_finished")])).category == "healthy"


def test_an_alarm_ends_healthy() -> None:
    run = RunRecord(root=".", series=(loss(2.3, 1.0, 0.4),), ending=Ending(status="finished"))
    answer = diagnose(Facts(run, [signal("loss_improving"), signal("run_finished"), signal("validation_gap")]))
    assert answer.mode == "optimization/overfitting"


def test_a_failed_attempt_lowers_the_mode_it_would_have_cured() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 3.0),))
    signals = [signal("loss_divergence"), signal("lr_high", 0.6), signal("grad_exploding", 0.8)]
    before = diagnose(Facts(run, signals))
    after = diagnose(Facts(run, signals, tried=("lowered the learning rate to 1e-5, no change",)))
    assert before.hypotheses[0].mode == "optimization/learning_rate_too_high"
    assert after.hypotheses[0].mode == "optimization/gradient_explosion"
    lowered = next(h for h in after.hypotheses if h.mode == "optimization/learning_rate_too_high")
    assert any(g.source == "tried" and g.weight < 0 for g in lowered.opposing)


def test_an_attempt_that_helped_is_not_held_against_its_mode() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 3.0),))
    signals = [signal("loss_divergence"), signal("lr_high")]
    helped = diagnose(Facts(run, signals, tried=("lowering the learning rate helped",)))
    assert helped.hypotheses[0].opposing == ()


def test_likelihoods_leave_room_for_something_else() -> None:
    answer = diagnose(oom(tried_mib=1, total_mib=2, free_mib=1))
    assert 0 < sum(h.likelihood for h in answer.hypotheses) < 1
    assert answer.likelihood >= ABSTAIN_BELOW


def test_a_finding_explains_the_symptom_away_for_other_modes() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 3.0),))
    signals = [signal("loss_divergence"), signal("lr_at_onset"), signal("grad_exploding")]
    before = diagnose(Facts(run, signals))
    after = diagnose(Facts(run, signals, [finding("model_software/step_order", 0.95)]))
    assert before.hypotheses[0].mode == "optimization/gradient_explosion"
    assert after.mode == "model_software/step_order"
    assert not after.abstained


def test_a_finding_without_its_symptom_is_only_a_suspicion() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 1.0),), ending=Ending(status="finished"))
    signals = [signal("loss_improving"), signal("run_finished")]
    doubtful = diagnose(Facts(run, signals, [finding("data_pipeline/unshuffled_data", 0.6)]))
    certain = diagnose(Facts(run, signals, [finding("model_software/double_activation", 1.0)]))
    assert doubtful.category == "healthy"
    assert certain.category != "healthy"


def test_after_a_named_crash_other_findings_hardly_count() -> None:
    run = RunRecord(root=".", events=(event("target_out_of_bounds"),), ending=Ending(status="crashed"))
    signals = [signal("error.target_out_of_bounds")]
    answer = diagnose(Facts(run, signals, [finding("model_software/double_activation", 0.95)]))
    assert answer.mode == "data_pipeline/label_range"


def test_what_modes_explain_is_known() -> None:
    errors = {f"error.{name}" for name in SIGNATURE_MEANINGS}
    assert set(EXPLAINS) <= set(MODES)
    assert {name for symptoms in EXPLAINS.values() for name in symptoms} <= set(CATALOGUE) | errors
    assert {*FOLLOWS_FROM, *(name for facts in FOLLOWS_FROM.values() for name in facts)} <= set(CATALOGUE)


def test_a_constant_loss_under_a_zero_learning_rate_is_the_schedule() -> None:
    run = RunRecord(root=".", series=(loss(1.6, 1.55, 1.55),), ending=Ending(status="finished"))
    signals = [signal("loss_constant"), signal("metric_constant"), signal("lr_zero"), signal("run_finished")]
    answer = diagnose(Facts(run, signals))
    assert {h.mode for h in answer.hypotheses[:2]} == {"optimization/bad_schedule", "model_software/scheduler_misuse"}


def test_a_rise_before_the_nan_speaks_for_an_explosion() -> None:
    run = RunRecord(root=".", series=(loss(0.9, 9.0, float("nan")),))
    signals = [
        signal("loss_nonfinite"),
        signal("grad_nonfinite"),
        signal("grad_exploding", 0.7),
        signal("loss_divergence"),
    ]
    assert diagnose(Facts(run, signals)).mode == "optimization/gradient_explosion"


def test_every_clue_names_a_known_mode_and_a_known_signal() -> None:
    errors = {f"error.{name}" for name in (*SIGNATURE_MEANINGS, "traceback")}
    assert {clue.mode for clue in CLUES} <= set(MODES)
    assert {clue.signal for clue in CLUES} <= set(CATALOGUE) | errors


def learning(status: str, *findings: Finding) -> Facts:
    """A run whose loss falls, with what the code checks say of it."""
    run = RunRecord(root=".", series=(loss(2.0, 1.0, 0.5),), ending=Ending(status=status))
    return Facts(run, [signal("loss_improving")], findings)


def test_a_fault_that_strikes_late_is_told_while_the_run_is_still_going() -> None:
    fault = finding("optimization/unstable_arithmetic", 0.85)
    before = diagnose(learning("unknown", fault))
    assert (before.mode, before.abstained) == ("optimization/unstable_arithmetic", False)
    assert "Forecast" in before.hypotheses[0].supporting[0].text
    after = diagnose(learning("finished", fault))
    assert after.mode != "optimization/unstable_arithmetic"
    assert all("Forecast" not in g.text for h in after.hypotheses for g in h.supporting)


@pytest.mark.parametrize(
    ("mode", "confidence"), [("optimization/unstable_arithmetic", 0.6), ("optimization/gradient_explosion", 0.85)]
)
def test_neither_a_doubtful_finding_nor_a_fault_that_shows_at_once_is_a_forecast(mode: str, confidence: float) -> None:
    answer = diagnose(learning("unknown", finding(mode, confidence)))
    assert answer.category in {"healthy", "unknown"}


def test_a_run_that_goes_well_and_has_no_end_yet_is_healthy_so_far() -> None:
    assert diagnose(learning("unknown")).reason.startswith("healthy so far")
    assert diagnose(learning("finished")).reason == ""


def test_a_rival_of_less_than_a_fifth_of_the_likelihood_does_not_make_one_symptom_open() -> None:
    run = RunRecord(root=".", series=(loss(2.0, 1.0, 0.1, float("nan")),))
    assert diagnose(Facts(run, [signal("loss_nonfinite", last_finite=0.1)])).category == "optimization"
