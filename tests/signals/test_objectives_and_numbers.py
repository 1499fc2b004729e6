"""Objectives under their own name, gradients before a failure, losses that never were a number, and fp16."""

import math

import pytest

from misrun.tools.readers.run_record import Event
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure

NAN = math.nan


@pytest.mark.parametrize("name", ["mse", "mae", "neg_elbo", "bce", "reconstruction_error", "cost"])
def test_objective_under_its_own_name_is_the_training_loss(signals_of, name) -> None:
    signal = signals_of({name: [3.0, 2.9, 2.8, 2.7, NAN, NAN]})["loss_nonfinite"]
    assert signal.text.startswith(f"Training objective {name} becomes NaN")
    assert signal.values["series"] == name


def test_loss_goes_before_other_names_of_the_objective(signals_of) -> None:
    found = signals_of({"mse": [3.0, 2.0, NAN, NAN], "loss": [3.0, 2.0, 1.0, 0.5]})
    assert "loss_nonfinite" not in found
    assert found["loss_improving"].values["series"] == "loss"


def test_an_elbo_that_rises_is_no_loss(signals_of) -> None:
    assert "loss_divergence" not in signals_of({"elbo": [-300.0, -200.0, -150.0, -120.0, -110.0, -100.0]})


def test_validation_of_the_same_objective_is_compared(signals_of) -> None:
    train = [7.0 * 0.8**i for i in range(12)]
    held_out = [6.0, 4.0, 3.0, 2.5, 2.6, 2.9, 3.2, 3.6, 4.0, 4.4, 4.8, 5.2]
    gap = signals_of({"train_mse": train, "val_mse": held_out, "val_mae": [1.0] * 12})["validation_gap"]
    assert gap.text.startswith("Validation objective mse rises from its best 2.5")


def test_error_is_not_compared_with_the_loss_of_a_guess(signals_of) -> None:
    level = math.log(10)
    assert "loss_at_chance" not in signals_of({"mse": [level] * 8}, {"num_classes": 10})


def test_few_gradient_norms_before_a_nan_show_the_explosion(signals_of) -> None:
    norm = [39.0, 305000.0, 2.9, 3.7, 4.8, 5.1, 5.8, 6.4, 6.0, 20.0, 93.6, math.inf, NAN, NAN]
    loss = [0.97, 1929.0, 2.2, 3.5, 5.9, 6.5, 8.8, 10.2, 9.2, 10.6, 9.4, 3.2e32, NAN, NAN]
    signal = signals_of({"loss": loss, "grad_norm": norm})["grad_exploding"]
    assert signal.values["before_failure"] is True
    assert signal.step == 10
    assert signal.strength > 0.5
    assert "infinity at step 12" in signal.text


def test_three_norms_are_enough_where_the_loss_fails(signals_of) -> None:
    found = signals_of({"loss": [2.0, 1.9, 2.5, NAN], "grad_norm": [1.2, 1.4, 40.0, NAN]})
    assert found["grad_exploding"].value == pytest.approx(40.0 / 1.3)
    assert "grad_exploding" not in signals_of({"loss": [2.0, 1.9, 1.8, 1.7], "grad_norm": [1.2, 1.4, 40.0, 1.2]})


def test_norm_that_rises_while_the_loss_falls_is_only_a_mark(signals_of) -> None:
    loss = [3.4 * 0.94**i for i in range(50)]
    norm = [0.37] * 9 + [0.4 + 4.7 * math.exp(-(((i - 22) / 8) ** 2)) for i in range(9, 50)]
    signal = signals_of({"loss": loss, "grad_norm": norm})["grad_exploding"]
    assert signal.strength < 0.5
    assert signal.values["loss_falls"] is True


def test_nan_at_the_first_point_with_zero_gradient_is_a_mean_over_nothing(signals_of) -> None:
    signal = signals_of({"loss": [NAN] * 8, "grad_norm": [0.0] * 8})["nan_from_start"]
    assert signal.values["grad_norm_zero"] is True
    assert signal.strength == 1.0
    assert signal.text.endswith("with gradient norm exactly 0.")


def test_nan_at_a_late_first_point_says_less(signals_of) -> None:
    signal = signals_of({"loss": [NAN] * 3}, steps=[900, 1000, 1100])["nan_from_start"]
    assert signal.strength < 1.0
    assert signal.values["grad_norm"] is None


def test_nan_after_finite_losses_is_not_from_the_start(signals_of) -> None:
    assert "nan_from_start" not in signals_of({"loss": [2.0, NAN, NAN]})
    assert "nan_from_start" not in signals_of({"loss": [NAN, 2.0, 1.9, 1.8, 1.7]})


@pytest.mark.parametrize(
    ("name", "value", "half"),
    [
        ("fp16", True, True),
        ("fp16.enabled", "true", True),
        ("precision", "16-mixed", True),
        ("precision", 16, True),
        ("dtype", "torch.float16", True),
        ("model.torch_dtype", "float16", True),
        ("amp", True, True),
        ("fp16", False, False),
        ("fp16.enabled", "auto", False),
        ("precision", "bf16-mixed", False),
        ("dtype", "torch.bfloat16", False),
        ("batch_size", 16, False),
    ],
)
def test_settings_tell_half_precision(signals_of, name, value, half) -> None:
    found = signals_of({"loss": [300.0, 350.0, math.inf, NAN]}, {name: value})
    assert ("half_precision" in found) is half


def test_autocast_with_a_bf16_type_is_not_fp16(signals_of) -> None:
    assert "half_precision" not in signals_of({"loss": [3.0, 2.0, NAN]}, {"amp": True, "amp_dtype": "bfloat16"})


def test_half_precision_counts_only_beside_a_failure(signals_of) -> None:
    failed = signals_of({"loss": [300.0, 35040.0, math.inf, NAN]}, {"fp16": True})["half_precision"]
    assert failed.strength == 1.0
    assert failed.values["share_of_limit"] == pytest.approx(35040 / 65504)
    assert signals_of({"loss": [3.0, 2.0, 1.0]}, {"fp16": True})["half_precision"].strength < 0.5


def test_log_message_tells_half_precision(build) -> None:
    run = build({"loss": [3.0, 2.0, NAN]})
    span = Span(file="train.log", first=1, last=1)
    run.event(Event(name="mixed_precision", kind="notice", message="Training in torch.float16 on cuda:0", span=span))
    told = next(s for s in measure(run.build()) if s.name == "half_precision")
    assert span in told.spans


def test_infinity_just_above_the_range_of_fp16_looks_like_fp16(signals_of) -> None:
    # a half-precision regression on unscaled targets
    high = [31040.0, 45600.0, 34816.0, 30096.0, 23920.0, 35040.0, math.inf, 59392.0, 51232.0, math.inf, 29840.0]
    assert signals_of({"loss": high})["half_precision"].values["origin"] == "range"
    assert "half_precision" not in signals_of({"loss": [2.0, 1.9, 1.8, math.inf]})
    assert "half_precision" not in signals_of({"loss": [30000.0, 40000.0, 50000.0, 9e9, math.inf]})


def test_steady_memory_growth_is_beyond_doubt_and_bursts_are_not(signals_of) -> None:
    steady = signals_of({"rss_mb": [1000.0 + 12.0 * i for i in range(35)]})["memory_growth"]
    assert steady.values["steadiness"] == pytest.approx(1.0)
    assert steady.strength >= 0.9
    bursts = [1000.0 + 60.0 * (i // 9) ** 2 + (15.0 if i % 3 else 0.0) for i in range(40)]
    found = signals_of({"rss_mb": bursts}).get("memory_growth")
    assert found is None or found.strength <= steady.strength


def test_epoch_means_near_their_floor_are_no_plateau(signals_of) -> None:
    # a variational autoencoder with KL warm-up: the first epoch's mean has most of the learning in it
    loss = [23.7, 19.6, 19.0, 17.9, 18.6, 19.2, 19.9] + [20.2, 20.1] * 10
    assert signals_of({"loss": loss}, step_kind="epoch")["loss_plateau"].strength < 0.5
