"""Which optimization failure the facts of a run point to, and which runs are called healthy."""

import pytest

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import Fusion
from misrun.tools.readers.run_record import Ending, RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal

HERE = Span(file="train.log", first=10, last=10)


def signal(name: str, strength: float = 1.0, **values: float) -> Signal:
    return Signal(name=name, text=f"{name} was measured.", strength=strength, spans=(HERE,), values=dict(values))


def series(name: str, phase: str, *values: float) -> Series:
    steps = tuple(float(i) for i in range(len(values)))
    return Series(name=name, raw_name=f"{phase}_{name}", phase=phase, file="train.log", step_kind="step", steps=steps,
                  values=values, lines=tuple(range(1, len(values) + 1)))  # fmt: skip


def facts(*signals: Signal, findings: tuple[Finding, ...] = (), curves: tuple[Series, ...] = ()) -> Facts:
    run = RunRecord(
        root=".", series=(series("loss", "train", 2.0, 1.9, 1.8), *curves), ending=Ending(status="finished")
    )
    return Facts(run, signals, findings)


def finding(mode: str, confidence: float) -> Finding:
    return Finding(check="unclamped-log", agent="silent_bug", file="train.py", line=3, last_line=3, severity="error",
                   confidence=confidence, message="what was found", expected="what should", mode=mode)  # fmt: skip


STUCK = (signal("loss_hardly_falls", 0.8), signal("run_finished"))


@pytest.mark.parametrize(
    ("signals", "mode"),
    [
        ((signal("dropout_high"), *STUCK), "optimization/regularization"),
        ((signal("weight_decay_high"), *STUCK), "optimization/regularization"),
        ((signal("optimizer_unusual"), *STUCK), "optimization/optimizer_settings"),
        ((signal("lr_high"), signal("loss_constant", 0.7), *STUCK), "optimization/learning_rate_too_high"),
        ((signal("lr_low"), signal("loss_slow"), *STUCK), "optimization/learning_rate_too_low"),
        ((signal("lr_spent_early"), signal("loss_slow"), *STUCK), "optimization/bad_schedule"),
        ((signal("lr_grows"), signal("loss_divergence", 0.6)), "optimization/bad_schedule"),
        ((signal("steps_skipped"), signal("loss_constant", 0.7)), "optimization/low_precision_overflow"),
        ((signal("units_off"), *STUCK), "optimization/dead_units"),
        ((signal("discriminator_wins"),), "optimization/representation_collapse"),
        ((signal("loss_start_high", ratio=40.0), signal("loss_above_chance")), "optimization/bad_initialization"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_telling_fact_puts_its_mode_first(signals: tuple[Signal, ...], mode: str) -> None:
    assert diagnose(facts(*signals), Fusion()).hypotheses[0].mode == mode


def test_weights_that_start_equal_give_the_loss_of_a_guess() -> None:
    chance = (signal("loss_at_chance"), signal("loss_constant"), *STUCK)
    found = diagnose(facts(*chance, findings=(finding("optimization/bad_initialization", 0.9),)), Fusion())
    assert found.mode == "optimization/bad_initialization"


def test_a_run_that_hardly_learns_is_not_called_healthy() -> None:
    improving = (signal("loss_improving", 0.6), signal("run_finished"), signal("loss_hardly_falls", 0.6))
    assert diagnose(facts(*improving), Fusion()).category != "healthy"


def test_metric_far_above_a_guess_makes_a_falling_loss_good_news() -> None:
    curves = (series("accuracy", "eval", 0.9, 0.92, 0.93, 0.93),)
    fell = (signal("loss_improving"), signal("run_finished"))
    unproven = diagnose(facts(*fell, curves=curves), Fusion())
    proven = diagnose(facts(*fell, signal("metric_reached"), curves=curves), Fusion())
    assert unproven.likelihood < proven.likelihood
    assert proven.category == "healthy"


@pytest.mark.parametrize("name", ["adversaries_balanced", "reward_improving"])
def test_tasks_without_a_falling_loss_can_be_healthy(name: str) -> None:
    assert diagnose(facts(signal(name, 0.9), signal("run_finished")), Fusion()).category == "healthy"
