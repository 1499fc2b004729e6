"""Which signals fire, and which do not, on real training curves of tiny models."""

from pathlib import Path

import pytest

from misrun.tools.signals.catalogue import CATALOGUE
from misrun.tools.signals.measure import measure

CURVES = Path(__file__).parents[1] / "data" / "signals"
TEN, TWO, ADAM = {"num_classes": 10}, {"num_classes": 2}, {"optimizer": "adam"}
NOT_FAILURES = {
    "loss_improving", "validation_improving", "metric_reached", "lr_no_warmup", "loss_scale_search", "lr_at_onset",
}  # fmt: skip
NUMERIC = {"loss_nonfinite", "loss_hidden_nan", "loss_divergence", "grad_nonfinite"}

# name -> (settings, signals that must be there at strength 0.5 or more, signals that must not)
FAILING: dict[str, tuple[dict[str, object], set[str], set[str]]] = {
    "adam_rate_too_high": (ADAM, {"lr_high"}, {"loss_at_chance", "loss_constant"}),
    "dead_units": (TEN, {"loss_constant", "loss_at_chance", "metric_constant"}, NUMERIC),
    "frozen": (TEN, {"loss_constant", "grad_zero", "metric_constant"}, NUMERIC | {"loss_improving"}),
    "initialised_large": (TEN, {"loss_start_high"}, {"loss_at_chance", "loss_nonfinite"}),
    "leak": (TEN, {"memory_growth", "loss_improving"}, NUMERIC | {"validation_gap", "memory_jump"}),
    "leak_small_steps": (TEN, {"memory_growth"}, NUMERIC | {"memory_jump"}),
    "linear_diverges": ({}, {"loss_nonfinite", "loss_divergence", "grad_exploding"}, {"loss_oscillation", "loss_plateau"}),
    "masked_targets": (TEN, {"loss_zero", "grad_zero"}, {"loss_hidden_nan", "loss_constant"}),
    "nan_input": (TEN, {"loss_nonfinite"}, {"loss_divergence", "grad_exploding", "loss_spike"}),
    "no_zero_grad": (TEN, {"loss_divergence", "grad_exploding"}, {"loss_nonfinite", "loss_constant"}),
    "oscillation": ({}, {"loss_oscillation"}, {"loss_improving", "loss_nonfinite"}),
    "oscillation_large_batch": ({}, {"loss_nonfinite", "grad_exploding"}, {"loss_hidden_nan"}),
    "overfitting": (TEN, {"validation_gap", "loss_improving"}, NUMERIC),
    "overfitting_noise": (TEN, {"validation_gap", "loss_improving"}, NUMERIC),
    "poor_plateau": (TEN, {"loss_plateau", "lr_zero"}, NUMERIC),
    "rate_raised_late": (TEN, {"loss_divergence", "lr_change_at_onset"}, {"loss_plateau", "loss_nonfinite"}),
    "rate_tiny": (TEN, {"loss_constant", "loss_at_chance"}, NUMERIC | {"loss_improving"}),
    "rate_zero": (TEN, {"loss_constant", "lr_zero"}, NUMERIC | {"loss_improving", "grad_zero"}),
    "resume_without_weights": (TEN, {"loss_jump_at_resume", "loss_improving"}, {"loss_divergence", "loss_spike"}),
    "rnn_explodes": ({}, {"loss_divergence"}, {"loss_improving"}),
    "schedule_ends_early": (TEN, {"lr_zero"}, NUMERIC),
    "sgd_rate_too_high": ({}, {"loss_nonfinite", "loss_divergence"}, {"loss_hidden_nan"}),
    "shuffled_labels": (TEN, {"loss_at_chance", "loss_constant"}, NUMERIC | {"loss_improving"}),
    "shuffled_two_classes": (TWO, {"loss_at_chance", "metric_at_chance"}, NUMERIC | {"loss_improving"}),
    "slow": (TEN, {"loss_slow"}, NUMERIC | {"loss_plateau", "loss_constant"}),
    "sorted_data": ({}, {"loss_periodic"}, NUMERIC | {"loss_improving"}),
    "unclamped_log": ({}, {"loss_nonfinite"}, {"loss_hidden_nan", "grad_exploding"}),
    "unclamped_log_hidden": ({}, {"loss_hidden_nan"}, {"loss_nonfinite", "loss_zero"}),
    "vanishing": (TEN, {"loss_constant", "loss_at_chance"}, NUMERIC),
    "weight_decay": (TEN, {"loss_constant"}, NUMERIC),
    "wrong_sign": (TEN, {"loss_negative"}, {"loss_nonfinite", "loss_plateau"}),
    "wrong_validation": (TEN, {"validation_flat"}, NUMERIC | {"validation_gap"}),
}  # fmt: skip
HEALTHY = sorted(path.stem for path in CURVES.glob("healthy_*.csv"))


def test_table_names_every_failing_curve() -> None:
    assert {f"failing_{name}" for name in FAILING} == {path.stem for path in CURVES.glob("failing_*.csv")}
    assert len(FAILING) >= 30
    assert len(HEALTHY) >= 30


@pytest.mark.parametrize("name", FAILING)
def test_failing_curve_shows_its_failure_and_no_other(curve_run, name: str) -> None:
    settings, expected, forbidden = FAILING[name]
    strong = {signal.name for signal in measure(curve_run(f"failing_{name}", settings)) if signal.strength >= 0.5}
    assert expected <= strong
    assert not forbidden & strong


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_curve_raises_no_alarm(curve_run, name: str) -> None:
    found = measure(curve_run(name, ADAM if "sgd" not in name else {}))
    assert {s.name for s in found if s.strength >= 0.5} <= NOT_FAILURES
    if name != "healthy_six_points":  # solved before its first logged point
        assert "loss_improving" in {s.name for s in found}


def test_recovered_spike_is_only_a_mark(curve_run) -> None:
    spike = next(s for s in measure(curve_run("healthy_recovered_spike")) if s.name == "loss_spike")
    assert spike.values["recovered"] is True
    assert spike.step == 60
    assert spike.strength < 0.5


@pytest.mark.parametrize("name", [f"failing_{name}" for name in FAILING])
def test_every_signal_is_in_the_catalogue_cites_its_points_and_reads_as_a_sentence(curve_run, name: str) -> None:
    for signal in measure(curve_run(name, FAILING[name.removeprefix("failing_")][0])):
        assert signal.name in CATALOGUE
        assert signal.spans
        assert signal.text[0].isupper()
        assert signal.text.endswith(".")
        assert any(letter.isdigit() for letter in signal.text)
        assert 0 <= signal.strength <= 1


def test_measure_is_deterministic(curve_run) -> None:
    run = curve_run("failing_linear_diverges")
    assert measure(run) == measure(run)
