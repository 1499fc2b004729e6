"""Metrics against their loss, their best and their test set; parts of a model; rewards; representations."""

import math

import pytest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.signals.measure import measure

FALLING = [2.3 * 0.7**i for i in range(12)]


def test_accuracy_near_a_guess_beside_a_loss_near_zero_is_impossible(signals_of) -> None:
    accuracy = [0.074, 0.066, 0.068, 0.07, 0.072, 0.07, 0.074, 0.074, 0.076, 0.074, 0.078, 0.078]
    columns = {"loss": FALLING, "val_loss": [0.47 * 0.6**i for i in range(12)], "val_accuracy": accuracy}
    found = signals_of(columns)
    signal = found["metric_impossible"]
    assert signal.values["named"] is False
    assert signal.strength >= 0.8
    assert signal.values["largest_error_rate"] == pytest.approx(signal.values["loss"] / math.log(2.0))
    assert found["validation_improving"].strength < 0.5
    assert found["metric_disagrees"].strength >= 0.5
    named = signals_of(columns, {"criterion": "CrossEntropyLoss"})["metric_impossible"]
    assert (named.values["named"], named.strength) == (True, 1.0)


def test_errors_within_the_bound_of_the_cross_entropy_are_possible(signals_of) -> None:
    loss = [0.9, 0.7, 0.5, 0.4, 0.35, 0.3, 0.3, 0.3]
    columns = {"loss": loss, "val_loss": loss, "val_acc": [60.0, 65.0, 70.0, 72.0, 75.0, 78.0, 80.0, 80.0]}
    assert "metric_impossible" not in signals_of(columns, {"criterion": "cross_entropy"})


@pytest.mark.parametrize(
    ("settings", "start"),
    [({"loss": "focal"}, 2.3), ({}, 0.1), ({"criterion": "MSELoss"}, 2.3)],
    ids=["focal", "squared error of one-hot targets", "named squared error"],
)
def test_losses_without_that_bound_allow_any_accuracy(signals_of, settings, start) -> None:
    loss = [start * 0.6**i for i in range(10)]
    columns = {"loss": loss, "val_loss": loss, "val_accuracy": [0.3] * 9 + [0.31]}
    assert "metric_impossible" not in signals_of(columns, settings)


def test_metric_that_falls_while_the_loss_falls_is_told(signals_of) -> None:
    knn = [0.98, 0.97, 0.97, 0.95, 0.93, 0.9, 0.86, 0.8, 0.74, 0.66, 0.6, 0.59]
    found = signals_of({"loss": FALLING, "knn_acc": knn, "val_loss": FALLING})
    assert found["metric_falls"].values["end"] == pytest.approx(0.595)
    assert found["metric_falls"].values["loss_falls"] is True
    assert found["metric_falls"].strength >= 0.8
    assert found["validation_improving"].strength < 0.5


def test_f1_that_goes_to_zero_beside_a_rising_accuracy_is_told(signals_of) -> None:
    found = signals_of(
        {
            "loss": FALLING[:6],
            "dev_token_acc": [0.948, 0.979, 0.989, 0.991, 0.9917, 0.9917],
            "dev_entity_f1": [0.049, 0.03, 0.012, 0.0, 0.0, 0.0],
        }
    )
    assert found["metric_falls"].values["metric"] == "dev_entity_f1"
    assert found["metric_falls"].strength == 1.0


@pytest.mark.parametrize(
    "values",
    [
        [0.5, 0.6, 0.72, 0.8, 0.79, 0.81, 0.8, 0.79, 0.8, 0.8],  # noise at the end
        [0.7, 0.2, 0.65, 0.3, 0.72, 0.25, 0.7, 0.3, 0.6, 0.35],  # swings
        [0.003, 0.002, 0.004, 0.003, 0.002, 0.001, 0.0, 0.0, 0.0, 0.0],  # never was anything
    ],
)
def test_metric_that_keeps_its_level_or_never_had_one_does_not_fall(signals_of, values) -> None:
    assert "metric_falls" not in signals_of({"loss": FALLING[:10], "val_f1": values})


def test_metric_falling_after_the_loss_was_lost_is_only_a_mark(signals_of) -> None:
    loss = [2.3, 1.2, 0.6, 0.4, 0.3, 5.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    accuracy = [0.5, 0.7, 0.8, 0.85, 0.87, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert signals_of({"loss": loss, "val_accuracy": accuracy})["metric_falls"].strength < 0.5


def test_precision_that_falls_while_a_detector_begins_to_find_is_no_fall(signals_of) -> None:
    assert "metric_falls" not in signals_of({"val_precision": [1.0, 0.95, 0.9, 0.8, 0.7, 0.65, 0.6, 0.55]})


def _with_test(validation: list[float], test: float) -> dict[str, object]:
    run = RunBuilder("run")
    for line, value in enumerate(validation, start=1):
        run.metric("val f1", value, file="log.txt", line=line, step=line, step_kind="epoch")
    run.metric("TEST f1", test, file="log.txt", line=len(validation) + 1, step=len(validation), step_kind="epoch")
    return {signal.name: signal for signal in measure(run.build())}


def test_test_metric_far_below_validation_is_told() -> None:
    found = _with_test([0.7, 0.8, 0.9, 0.94, 0.95, 0.96, 0.96, 0.96], 0.15)
    assert found["test_below_validation"].strength == 1.0
    assert found["test_below_validation"].values["error_ratio"] == pytest.approx(0.85 / 0.04)


@pytest.mark.parametrize(("level", "test"), [(0.96, 0.93), (0.6, 0.48), (0.9, 0.95)])
def test_test_metric_a_few_points_away_is_not_told(level, test) -> None:
    assert "test_below_validation" not in _with_test([0.3, 0.4, 0.5, level, level, level], test)


def test_part_without_any_gradient_is_told(signals_of) -> None:
    readout = [0.601661, 0.2204813, 0.2673852, 0.95759, 0.8]
    found = signals_of({"grad_norm_m1": [0.0] * 5, "grad_norm_m2": [0.0] * 5, "grad_norm_readout": readout})
    signal = found["gradient_part_zero"]
    assert (signal.strength, signal.values["zero_parts"], signal.values["parts"]) == (1.0, 2, 3)
    assert "gradient_part_vanishing" not in found


def test_zero_of_a_log_with_four_decimals_is_less_sure(signals_of) -> None:
    found = signals_of({"grad/embed": [0.0] * 5, "grad/head": [0.6017, 0.2205, 0.2674, 0.9576, 0.8]})
    assert found["gradient_part_zero"].values["printed"] is True
    assert 0.5 <= found["gradient_part_zero"].strength < 1.0


@pytest.mark.parametrize("name", ["grad/norm1.bias", "gradient_penalty", "grad_scale", "grad_norm_total"])
def test_gradients_that_are_zero_by_design_are_no_parts(signals_of, name) -> None:
    found = signals_of({name: [0.0] * 5, "grad/a": [0.6] * 5, "grad/b": [0.7] * 5})
    assert "gradient_part_zero" not in found


def test_part_that_gets_a_gradient_later_is_not_without(signals_of) -> None:
    assert "gradient_part_zero" not in signals_of({"grad/lora_a": [0.0, 0.1, 0.2, 0.2], "grad/lora_b": [0.5] * 4})


def test_part_far_below_the_others_vanishes_unless_the_model_learned(signals_of) -> None:
    parts = {
        "grad/layer00": [5e-14] * 12,
        "grad/layer08": [1.5e-7] * 12,
        "grad/head": [0.1 + 0.01 * i for i in range(12)],
    }
    stuck = signals_of({"loss": [1.0986 + 0.001 * (i % 3) for i in range(12)], **parts})["gradient_part_vanishing"]
    assert stuck.values["part"] == "grad/layer00"
    assert stuck.values["largest_part"] == "grad/head"
    assert stuck.strength == 1.0
    assert signals_of({"loss": FALLING, **parts})["gradient_part_vanishing"].strength < 0.5


def test_parts_a_thousand_times_apart_are_usual(signals_of) -> None:
    found = signals_of({"grad/a": [1e-3] * 6, "grad/b": [1.0] * 6})
    assert not {"gradient_part_vanishing", "gradient_part_zero"} & set(found)


@pytest.mark.parametrize("name", ["mean_return", "avg_return", "ep_ret", "return_mean", "episode_reward"])
def test_rising_reward_is_evidence_of_learning(signals_of, name) -> None:
    rising = [9.5 - 6.0 * 0.9**i + 0.1 * (i % 3) for i in range(60)]
    found = signals_of({name: rising, "policy_loss": [0.1 * (-1) ** i for i in range(60)]})
    assert found["reward_improving"].strength >= 0.8


@pytest.mark.parametrize(
    "values",
    [
        [20.0 + (i * 7) % 5 for i in range(60)],
        [200.0 - abs(i - 30) * 6.0 for i in range(60)],
    ],
    ids=["noise", "lost again"],
)
def test_reward_that_does_not_rise_for_good_is_none(signals_of, values) -> None:
    assert "reward_improving" not in signals_of({"mean_return": values, "policy_loss": [0.1] * 60})


def test_spread_of_embeddings_that_goes_to_zero_is_a_collapse(signals_of) -> None:
    columns = {
        "loss": [-0.03, *[-0.97 - 0.001 * i for i in range(20)]],
        "embedding_std": [0.0966 * 0.85**i for i in range(21)],
    }
    found = signals_of(columns)
    assert found["representation_std_collapse"].strength >= 0.5
    assert "%" not in found["loss_improving"].text
    assert found["loss_improving"].value <= 1.0


@pytest.mark.parametrize(
    "columns",
    [
        {"embedding_std": [0.09, 0.085, 0.08, 0.08, 0.08, 0.08]},
        {"z_std": [1.0, 0.5, 0.2, 0.08, 0.05, 0.04], "kl": [1.0, 3.0, 6.0, 8.0, 9.0, 9.0]},
        {"reward_std": [1.0, 0.5, 0.2, 0.08, 0.05, 0.01]},
    ],
    ids=["kept", "variational", "not of vectors"],
)
def test_other_deviations_are_no_collapse(signals_of, columns) -> None:
    assert "representation_std_collapse" not in signals_of(columns)


def test_optimizer_is_known_by_the_settings_of_the_one_constructed(signals_of) -> None:
    stuck = {"loss": [1.4 + 0.01 * (i % 3) for i in range(20)]}
    assert (
        signals_of(stuck, {"AdamW.betas": "(0.9, 0.95)", "learning_rate": 0.03})["lr_high"].values["optimizer"]
        == "adam"
    )
    assert signals_of(stuck, {"learning_rate": 2e-6, "momentum": 0.9})["lr_low"].values["optimizer"] == "sgd"
    assert "lr_high" not in signals_of(stuck, {"SGD.lr": 0.1, "SGD.momentum": 0.9})
    assert "lr_high" not in signals_of(stuck, {"SGD.momentum": 0.9, "Adam.betas": "(0.9, 0.95)", "lr": 0.1})


def test_unusual_rate_under_which_the_loss_halved_is_only_a_mark(signals_of) -> None:
    signal = signals_of({"loss": FALLING}, {"Adam.lr": 0.05})["lr_high"]
    assert signal.strength < 0.5
    assert signal.values["loss_halved"] is True


def test_cross_entropy_with_a_hyphen_above_any_guess_starts_too_high(signals_of) -> None:
    found = signals_of({"cross-entropy": [5893.0, 4283.0, 3680.0, 2000.0, 1000.0, 700.0, 600.0, 500.0]})
    assert found["loss_start_high"].strength == 1.0
    assert found["loss_improving"].strength == 1.0
    assert "loss_start_high" not in signals_of({"loss": [295.0, 200.0, 100.0, 60.0, 50.0]})  # a sum over the batch


def test_metric_that_falls_with_a_collapsed_representation_is_no_overfitting(signals_of) -> None:
    knn = [0.98, 0.97, 0.97, 0.95, 0.93, 0.9, 0.86, 0.8, 0.74, 0.66, 0.6, 0.59]
    columns = {"loss": FALLING, "val_knn_acc": knn}
    assert signals_of(columns)["validation_gap"].strength >= 0.5
    collapsed = signals_of({**columns, "embedding_std": [0.1 * 0.6**i for i in range(12)]})
    assert collapsed["validation_gap"].strength < 0.5


def test_gap_after_a_blow_up_is_no_overfitting(signals_of) -> None:
    loss = [0.95, 0.87, 0.89, 0.9, 30.0, 3e8, 3e16, 5e10, 1e4, 2.0, 0.85, 0.83, 0.82, 0.82, 0.81, 0.81]
    found = signals_of({"loss": loss, "val_iou": [0.135, 0.1, 0.05] + [0.0] * 13})
    assert found["loss_blow_up"].values["survived"] is False
    assert "validation_gap" not in found


def test_loss_the_same_in_every_digit_is_told_as_such(signals_of) -> None:
    assert signals_of({"loss": [1.9353] * 15})["loss_constant"].values["exactly_constant"] is True
    noisy = signals_of({"loss": [1.9353 + 0.001 * (i % 2) for i in range(15)]})["loss_constant"]
    assert noisy.values["exactly_constant"] is False
