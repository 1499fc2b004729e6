"""What evaluation shows by itself: improvement, values no better than a guess, one class, values that never move."""

import pytest


def test_validation_loss_improves_under_noisy_training_batches(signals_of) -> None:
    # training loss of single small batches, validation every tenth point (an SGD run of a small regression)
    noisy = [1.4, 1.7, 2.0, 1.4, 0.3, 2.2, 0.9, 1.9, 0.6, 1.5] * 6
    held_out = [0.56, 0.425, 0.37, 0.181, 0.133, 0.117]
    columns = {"loss": noisy, "val_loss": [held_out[i // 10] if i % 10 == 9 else None for i in range(60)]}
    found = signals_of(columns)
    assert "loss_improving" not in found
    assert found["validation_improving"].value == pytest.approx(1 - 0.117 / 0.56)
    assert found["validation_improving"].strength >= 0.9
    assert "from 0.56 to 0.117" in found["validation_improving"].text


def test_rising_metric_counts_by_its_way_to_the_best_value(signals_of) -> None:
    rising = signals_of({"val_accuracy": [0.5, 0.55, 0.6, 0.64, 0.68, 0.7]})["validation_improving"]
    assert rising.value == pytest.approx(0.4)
    percentages = signals_of({"val_acc": [50.0, 55.0, 60.0, 64.0, 68.0, 70.0]})["validation_improving"]
    assert percentages.value == pytest.approx(0.4)
    assert "validation_improving" not in signals_of({"val_accuracy": [0.10, 0.104, 0.108, 0.11, 0.115, 0.12]})


def test_improvement_that_is_lost_again_is_none(signals_of) -> None:
    train = [2.0 * 0.8**i for i in range(12)]
    held_out = [1.8, 1.2, 0.8, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4]
    found = signals_of({"loss": train, "val_loss": held_out, "val_accuracy": [0.5 + 0.03 * i for i in range(12)]})
    assert "validation_gap" in found
    assert found["validation_improving"].strength < 0.5  # the accuracy still rises


def test_recovery_from_a_blow_up_is_no_improvement(signals_of) -> None:
    # a linear regression with too high a rate: 439, then 10^10, then what the mean of the targets gives
    loss = [439.0, 5.0e10, 5.6e10, 3.4e7, 6.5e9, 9.4e8, 2.9e8, 442.0, 4.3e6, 1.9e4, 147.0, 60.0, 38.0, 36.0, 37.0, 35.0]
    found = signals_of({"loss": loss, "val_loss": [9.4e8 / 10**i + 38 for i in range(16)]})
    assert not {"loss_improving", "validation_improving"} & set(found)
    assert found["loss_blow_up"].strength == 1.0
    assert found["loss_blow_up"].values["before"] == 439.0
    assert found["loss_blow_up"].step == 2


def test_run_that_got_over_a_blow_up_and_learned_on_is_improving(signals_of) -> None:
    loss = [4.0 * 0.95**i for i in range(60)]
    loss[30:32] = [900.0, 300.0]
    found = signals_of({"loss": loss})
    assert found["loss_improving"].strength >= 0.9
    assert found["loss_blow_up"].strength < 0.5
    assert found["loss_blow_up"].values["survived"] is True


def test_spike_of_a_converged_loss_is_no_blow_up(signals_of) -> None:
    loss = [2.0 * 0.8**i for i in range(50)]
    loss[45] = 0.9
    assert "loss_blow_up" not in signals_of({"loss": loss})


@pytest.mark.parametrize(
    ("name", "values", "guess"),
    [
        ("val_r2", [0.015, 0.03, 0.05, 0.06, 0.064, 0.065, 0.065, 0.065], 0.0),
        ("val_auc", [0.49, 0.51, 0.5, 0.52, 0.5, 0.51, 0.49, 0.51], 0.5),
        ("val_mcc", [0.0, 0.01, -0.01, 0.0, 0.02, 0.01, 0.0, 0.01], 0.0),
    ],
)
def test_metric_hardly_above_a_guess_is_poor(signals_of, name, values, guess) -> None:
    signal = signals_of({name: values})["validation_poor"]
    assert signal.values["guess"] == guess
    assert signal.strength >= 0.5


def test_accuracy_is_poor_only_against_a_known_number_of_classes(signals_of) -> None:
    accuracy = [0.11, 0.12, 0.13, 0.14, 0.14, 0.14, 0.14, 0.14]
    assert "validation_poor" in signals_of({"val_accuracy": accuracy}, {"num_classes": 10})
    assert "validation_poor" not in signals_of({"val_accuracy": accuracy})
    assert "validation_poor" not in signals_of({"val_accuracy": accuracy}, {"num_classes": 1000})


def test_metric_that_still_rises_is_not_poor(signals_of) -> None:
    assert "validation_poor" not in signals_of({"val_r2": [0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.07, 0.085]})


def test_recall_at_zero_beside_a_high_accuracy_is_one_class(signals_of) -> None:
    count = 12
    found = signals_of(
        {
            "train_loss": [0.6 * 0.8**i for i in range(count)],
            "val_loss": [0.5 * 0.85**i for i in range(count)],
            "val_accuracy": [0.983] + [0.9897] * (count - 1),
            "precision": [0.0] * count,
            "recall": [0.0] * count,
            "f1": [0.0] * count,
        }
    )
    assert found["one_class_predicted"].values["accuracy"] == 0.9897
    assert found["one_class_predicted"].values["kind"] == "never_positive"
    assert found["metric_constant"].value == 0.0
    assert found["metric_constant"].values["constant"] == 3
    assert found["validation_improving"].strength < 0.5


def test_always_positive_shows_in_full_recall_and_a_fixed_precision(signals_of) -> None:
    signal = signals_of({"val_recall": [1.0] * 6, "val_precision": [0.31] * 6})["one_class_predicted"]
    assert signal.values["class_share"] == 0.31


def test_accuracy_at_a_known_class_share_is_one_class(signals_of) -> None:
    found = signals_of({"val_accuracy": [0.973] * 6}, {"positive_rate": 0.027})
    assert found["one_class_predicted"].values["class_share"] == pytest.approx(0.973)
    assert "one_class_predicted" not in signals_of({"val_accuracy": [0.973] * 6})


def test_positives_found_late_are_no_single_class(signals_of) -> None:
    late = [0.0, 0.0, 0.0, 0.0, 0.2, 0.3, 0.4, 0.45]
    assert "one_class_predicted" not in signals_of({"val_recall": late, "val_f1": late})


def test_detection_without_hits_says_nothing_about_classes(signals_of) -> None:
    found = signals_of({"metrics/recall(B)": [0.0] * 8, "metrics/mAP50(B)": [0.0] * 8})
    assert "one_class_predicted" not in found


def test_training_metric_and_a_setting_named_precision_are_no_evaluation(signals_of) -> None:
    found = signals_of({"train_f1": [0.0] * 6, "precision": [16.0] * 6})
    assert not {"metric_constant", "one_class_predicted"} & set(found)


def test_accuracy_reached_before_the_last_bit_of_the_loss_does_not_disagree(signals_of) -> None:
    loss = [4.0 * 0.9**i for i in range(60)]
    columns = {
        "loss": loss,
        "val_loss": [v if i >= 30 and i % 5 == 0 else None for i, v in enumerate(loss)],
        "val_accuracy": [0.7 + 0.005 * (i % 2) if i >= 30 and i % 5 == 0 else None for i in range(60)],
    }
    assert "metric_disagrees" not in signals_of(columns)


def test_a_metric_that_has_arrived_may_stay_where_it_is(signals_of) -> None:
    loss = [1.2, 0.3, 0.1, 0.05]
    assert "metric_constant" not in signals_of({"loss": loss, "dev_acc": [0.9967] * 4})
    assert "metric_constant" in signals_of({"loss": loss, "dev_acc": [0.8967] * 4})


def test_balanced_accuracy_of_exactly_one_class_in_three_is_one_class(signals_of) -> None:
    columns = {"loss": [0.4, 0.3, 0.2, 0.2], "val_acc": [0.9617] * 4, "val_balanced_acc": [0.3333] * 4}
    assert signals_of(columns)["one_class_predicted"].values["kind"] == "balanced"
    moving = {**columns, "val_acc": [0.8, 0.82, 0.83, 0.84], "val_balanced_acc": [0.41, 0.5, 0.55, 0.6]}
    assert "one_class_predicted" not in signals_of(moving)
