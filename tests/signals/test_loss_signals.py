"""Losses that are not finite, hidden, zero, at chance, or only look alarming."""

import math
import random

import numpy as np
import pytest

NAN = math.nan


def test_nan_tells_last_finite_value_and_the_gradient_rise_before_it(signals_of) -> None:
    loss = [0.41 + 0.01 * (i % 3) for i in range(156)] + [NAN] * 20
    norm = [1.2 + 0.05 * (i % 4) for i in range(153)] + [11.0, 170.0, 2847.0] + [NAN] * 20
    found = signals_of({"loss": loss, "grad_norm": norm, "lr": [1e-3] * 176})
    signal = found["loss_nonfinite"]
    assert signal.step == 157
    assert signal.values["last_finite_step"] == 156
    assert signal.values["last_finite"] == pytest.approx(loss[155])
    assert signal.values["lr_at_onset"] == 1e-3
    assert "becomes NaN at step 157; last finite value 0.43 at step 156" in signal.text
    assert "gradient norm rose from 1.2 to 2,847 in the 4 logged points before" in signal.text
    assert found["grad_exploding"].step == 154


def test_nan_without_warning_says_that_gradients_were_calm(signals_of) -> None:
    found = signals_of({"loss": [0.5, 0.49, 0.5, 0.48, NAN, NAN], "grad_norm": [1.0, 1.1, 0.9, 1.0, NAN, NAN]})
    assert "gradient norm gave no warning" in found["loss_nonfinite"].text


def test_infinity_is_named(signals_of) -> None:
    assert signals_of({"loss": [2.0, 3.0, math.inf]})["loss_nonfinite"].values["kind"] == "infinity"


def test_nan_from_the_first_point_has_no_last_finite_value(signals_of) -> None:
    signal = signals_of({"loss": [NAN] * 4})["loss_nonfinite"]
    assert "from the first logged point (step 1)" in signal.text
    assert "last_finite" not in signal.values


def test_single_nan_between_finite_losses_is_marked_as_recovered(signals_of) -> None:
    loss = [1.0 - 0.01 * i for i in range(40)]
    loss[10] = NAN
    signal = signals_of({"loss": loss})["loss_nonfinite"]
    assert signal.values["recovered"] is True
    assert signal.strength == 0.5


def test_epoch_mean_that_keeps_one_nan_is_not_believed_beside_a_finite_loss(signals_of) -> None:
    found = signals_of({"loss": [1.0, 0.9, 0.8, 0.7], "avg_loss": [1.0, NAN, NAN, NAN]})
    assert "loss_nonfinite" not in found


def test_transformers_filter_shows_zero_where_the_loss_is_nan(signals_of) -> None:
    # transformers 5 console with logging_nan_inf_filter on: the window of the first NaN shows a smaller loss
    found = signals_of(
        {"loss": [4.702, 4.701, 3.92, 0.0, 0.0, 0.0], "grad_norm": [1.14, 1.069, NAN, NAN, NAN, NAN]},
        steps=[0.25, 0.5, 0.75, 1.0, 1.25, 1.5],
        step_kind="epoch",
    )
    signal = found["loss_hidden_nan"]
    assert signal.step == 0.75
    assert signal.values["last_finite"] == 4.701
    assert signal.values["zero_points"] == 3
    assert not {"loss_zero", "loss_improving"} & set(found)


def test_megatron_leaves_the_loss_out_where_it_is_nan(signals_of) -> None:
    loss = [3.2, 3.1, 3.0, 2.9, None, None, None]
    found = signals_of({"lm loss": loss, "grad norm": [0.4, 0.5, 0.4, 0.4, NAN, NAN, NAN]})
    assert found["loss_hidden_nan"].step == 5
    assert found["loss_hidden_nan"].values["last_finite"] == 2.9


def test_loss_and_gradient_logged_at_different_steps_hide_nothing(signals_of) -> None:
    loss = [3.0 if i % 10 == 0 else None for i in range(40)]
    found = signals_of({"loss": loss, "grad_norm": [NAN, NAN] + [1.0] * 38})
    assert "loss_hidden_nan" not in found


def test_zero_loss_with_zero_gradient_is_no_hidden_nan(signals_of) -> None:
    found = signals_of({"loss": [0.0] * 6, "grad_norm": [0.0] * 6})
    assert found["loss_zero"].strength == 1.0
    assert "loss_hidden_nan" not in found


def test_loss_that_came_down_to_a_rounded_zero_has_converged(signals_of) -> None:
    assert "loss_zero" not in signals_of({"loss": [2.0, 0.5, 0.1, 0.01, 0.001, 0.0001, 0.0, 0.0, 0.0]})


def test_policy_loss_may_hover_about_zero(signals_of) -> None:
    wave = [0.02 * math.sin(i) for i in range(60)]
    found = signals_of({"loss": wave, "reward": [i / 60 for i in range(60)], "grad_norm": [1.0] * 60})
    alarms = {"loss_zero", "loss_negative", "loss_plateau", "loss_constant", "loss_oscillation", "loss_divergence"}
    assert not alarms & {name for name, signal in found.items() if signal.strength >= 0.5}


def test_adversarial_losses_balance_without_alarm(signals_of) -> None:
    random = np.random.default_rng(0)
    found = signals_of(
        {"loss_G": list(1.5 + 0.3 * random.standard_normal(80)), "loss_D": list(0.7 + 0.2 * random.standard_normal(80))}
    )
    assert not {"loss_constant", "loss_plateau", "loss_oscillation", "loss_at_chance"} & set(found)


def test_preference_loss_at_ln_two_is_at_chance(signals_of) -> None:
    found = signals_of({"loss": [0.6931, 0.6932, 0.693, 0.6931, 0.6931, 0.693], "rewards/chosen": [0.0] * 6})
    assert found["loss_at_chance"].values["classes"] == 2


def test_vocabulary_gives_the_chance_level_of_a_language_model(signals_of) -> None:
    level = math.log(32000)
    found = signals_of(
        {"loss": [level * f for f in (1.01, 1.0, 1.001, 0.999, 1.0, 1.0, 1.001, 0.999)]}, {"vocab_size": 32000}
    )
    assert found["loss_at_chance"].values["classes"] == 32000
    assert "metric_at_chance" not in found


def test_flat_loss_far_from_every_chance_level_is_not_at_chance(signals_of) -> None:
    assert "loss_at_chance" not in signals_of({"loss": [3.3, 3.31, 3.29, 3.3, 3.3, 3.31, 3.3, 3.3]})


def test_first_loss_is_compared_with_a_guess(signals_of) -> None:
    high = signals_of({"loss": [46.0, 20.0, 9.0, 4.0]}, {"num_classes": 10})["loss_start_high"]
    assert high.values["ratio"] == pytest.approx(46.0 / math.log(10))
    low = signals_of({"loss": [0.2, 0.18, 0.16, 0.15]}, {"num_classes": 10})
    assert "loss_start_low" in low
    tuned = signals_of({"loss": [0.2, 0.18, 0.16, 0.15]}, {"num_classes": 10, "pretrained": True})
    assert "loss_start_low" not in tuned


def test_unbounded_loss_may_be_negative(signals_of) -> None:
    likelihood = [1.0, 0.5, 0.1, -0.1, -0.2, -0.25, -0.3, -0.31]
    assert "loss_negative" not in signals_of({"loss": likelihood})
    assert "loss_negative" in signals_of({"loss": likelihood}, {"criterion": "CrossEntropyLoss"})


def test_loss_follows_warm_restarts_by_design(signals_of) -> None:
    phase = [(i % 30) / 30 for i in range(150)]
    found = signals_of({"loss": [1.0 + 0.5 * (1 - p) for p in phase], "lr": [1e-3 * (1 - p) for p in phase]})
    assert "loss_periodic" not in found
    assert "loss_oscillation" not in found


def test_sawtooth_with_the_period_of_an_epoch_is_told_as_such(signals_of) -> None:
    loss = [1.0 + 0.5 * ((i % 20) / 20) for i in range(160)]
    signal = signals_of({"loss": loss}, steps=[i / 20 for i in range(160)], step_kind="epoch")["loss_periodic"]
    assert signal.values["epoch_period"] is True
    assert signal.values["period_points"] == 20


def test_running_average_that_restarts_each_epoch_is_only_a_mark(signals_of) -> None:
    signal = signals_of({"running_loss": [1.0 + 0.5 * ((i % 20) / 20) for i in range(160)]})["loss_periodic"]
    assert signal.strength < 0.5


def test_resumed_run_with_a_continuing_loss_has_no_jump(signals_of) -> None:
    loss = [2.0 / (1 + 0.1 * i) for i in range(60)]
    found = signals_of({"loss": loss}, steps=[*range(1, 41), *range(31, 51)])
    assert "loss_jump_at_resume" not in found


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_series_too_short_say_nothing_about_shape(signals_of, count: int) -> None:
    found = signals_of({"loss": [2.3, 2.2, 2.4][:count], "grad_norm": [1.0, 1.1, 0.9][:count]})
    shapes = {
        "loss_plateau",
        "loss_constant",
        "loss_oscillation",
        "loss_spike",
        "loss_slow",
        "loss_at_chance",
        "grad_exploding",
    }
    assert not shapes & set(found)


def test_long_series_is_measured_on_all_its_points(signals_of) -> None:
    random = np.random.default_rng(0)
    loss = 2.0 + 0.05 * random.standard_normal(200_000)
    loss[123_456] = 9.0
    spike = signals_of({"loss": list(loss)})["loss_spike"]
    assert spike.step == 123_457
    assert spike.values["count"] == 1


def _waves(points: int, period: float, low: float) -> list[float]:
    """A loss that comes down from 2 to about `low` in its first half and swings fourfold in slow waves after that."""
    fall = [2.0 * (low / 2.0) ** min(1.0, 2 * i / points) for i in range(points)]
    return [level * 2.0 ** math.sin(2 * math.pi * i / period + 0.004 * i * i / period) for i, level in enumerate(fall)]


def test_slow_waves_are_a_swing_even_where_the_loss_has_come_down(signals_of) -> None:
    found = signals_of({"loss": _waves(240, 17.0, 0.1)})["loss_oscillation"]
    assert found.strength >= 0.5
    assert found.values["level"] < 0.5 * 2.0


def test_noise_of_batches_of_the_same_width_is_no_swing(signals_of) -> None:
    rng = random.Random(5)
    fall = [2.0 * 0.05 ** min(1.0, i / 120) for i in range(240)]
    assert "loss_oscillation" not in signals_of({"loss": [level * 2.0 ** rng.uniform(-1, 1) for level in fall]})


def test_losses_of_single_samples_that_differ_widely_all_along_are_no_early_jump(signals_of) -> None:
    rng = random.Random(3)
    wild = [math.exp(rng.gauss(0.0, 1.3)) for _ in range(200)]
    wild[0], wild[5] = 0.5, 8.0
    assert "loss_early_jump" not in signals_of({"loss": wild})
    calm = [0.5 * math.exp(rng.gauss(0.0, 0.05)) for _ in range(200)]
    calm[5] = 8.0
    assert signals_of({"loss": calm})["loss_early_jump"].strength >= 0.5
