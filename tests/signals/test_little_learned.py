"""Losses that hardly move or rest above a guess, settings far from the usual, schedules that end, and what is reached."""

import math

import pytest

ADAM = {"optimizer": "Adam", "lr": 1e-3}


def wave(count: int, size: float = 0.01) -> list[float]:
    """A small deterministic scatter."""
    return [size * math.sin(12.9898 * i * i) for i in range(count)]


def level(value: float, count: int, size: float = 0.01) -> list[float]:
    return [value * (1.0 + s) for s in wave(count, size)]


def falling(start: float, end: float, count: int) -> list[float]:
    return [start * (end / start) ** (i / (count - 1)) + s for i, s in enumerate(wave(count, 0.005))]


def test_loss_that_gains_a_twentieth_hardly_falls(signals_of) -> None:
    found = signals_of({"loss": falling(1.86, 1.78, 30)}, {"dropout": 0.95})
    assert found["loss_hardly_falls"].strength >= 0.8
    assert found["loss_hardly_falls"].values["improvement"] == pytest.approx(0.04, abs=0.02)


@pytest.mark.parametrize(
    ("loss", "settings"),
    [(falling(1.8, 1.7, 30), {"model_name_or_path": "bert"}), (falling(1.8, 0.9, 30), {}), (level(0.4, 5), {})],
    ids=["fine-tuning", "halved", "too short"],
)
def test_learning_or_tuned_weights_do_not_count_as_hardly_falling(signals_of, loss, settings) -> None:
    assert "loss_hardly_falls" not in signals_of({"loss": loss}, settings)


def test_epoch_means_count_only_where_the_fall_is_steady(signals_of) -> None:
    steady = signals_of({"loss": [4.55 - 0.006 * i for i in range(25)]}, step_kind="epoch")
    rested = signals_of({"loss": [0.5 + 0.04 * 0.5**i for i in range(25)]}, step_kind="epoch")
    assert steady["loss_hardly_falls"].strength >= 0.5
    assert rested["loss_hardly_falls"].strength < 0.5


def test_sum_of_terms_is_not_judged_where_its_reconstruction_falls(signals_of) -> None:
    total = [1.0 + 0.02 * i for i in range(20)]
    beside = signals_of({"loss": total, "recon_loss": [0.9 * 0.9**i for i in range(20)]})
    alone = signals_of({"loss": total})
    assert not {"loss_hardly_falls", "loss_divergence"} & beside.keys()
    assert "loss_divergence" in alone


def test_loss_above_a_guess_is_told_unless_the_classes_are_told_apart(signals_of) -> None:
    loss = [1.8, *level(2.0, 20, 0.02)]
    found = signals_of({"loss": loss}, {"num_classes": 6})
    assert found["loss_above_chance"].values["chance_loss"] == pytest.approx(math.log(6))
    accurate = signals_of({"loss": loss, "val_accuracy": [0.2 + 0.03 * i for i in range(21)]}, {"num_classes": 6})
    assert "loss_above_chance" not in accurate


def test_accuracy_and_loss_of_a_guess_within_the_noise_of_batches_agree(signals_of) -> None:
    accuracy = [0.11, 0.098, 0.102, 0.099, 0.101, 0.1, 0.103, 0.1]
    found = signals_of({"loss": level(2.38, 8, 0.03), "val_accuracy": accuracy})
    assert found["loss_at_chance"].values["classes"] == 10


def test_squared_error_of_one_is_that_of_the_mean_of_a_standardised_target(signals_of) -> None:
    found = signals_of({"mse": [1.6, 1.2, *level(1.0, 20, 0.004)]})
    assert found["loss_at_chance"].values["chance_loss"] == 1.0
    assert "loss_at_chance" not in signals_of({"mse": [1.6, 1.2, *level(0.8, 20, 0.004)]})


def test_loss_that_jumps_in_the_first_steps_is_told(signals_of) -> None:
    loss = [2.3, 2.6, 40.0, 9.0, *level(2.2, 30, 0.03)]
    assert signals_of({"loss": loss})["loss_early_jump"].values["peak"] == 40.0
    assert "loss_early_jump" not in signals_of({"loss": [2.3, 2.6, 2.9, *level(2.2, 30, 0.03)]})


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"optimizer": "adam", "wd": 0.3}, "weight_decay_high"),
        ({"optimizer": "AdamW", "weight_decay": 20.0}, "weight_decay_high"),
        ({"lambda_l1": 0.1}, "weight_decay_high"),
        ({"model.dropout": 0.93}, "dropout_high"),
        ({"optimizer": "adam", "adam_epsilon": 0.5}, "optimizer_unusual"),
        ({"optimizer": "sgd", "momentum": 0.999}, "optimizer_unusual"),
        ({"optimizer": "adam", "beta1": 0.999, "beta2": 0.9}, "optimizer_unusual"),
    ],
)
def test_settings_far_from_the_usual_count_where_little_is_learned(signals_of, settings, name) -> None:
    assert signals_of({"loss": level(1.7, 20)}, settings)[name].strength >= 0.5
    assert signals_of({"loss": falling(1.7, 0.1, 20)}, settings)[name].strength < 0.5


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "AdamW", "weight_decay": 0.1},
        {"optimizer": "sgd", "momentum": 0.99, "weight_decay": 5e-4},
        {"dropout": 0.5},
        {"optimizer": "adam", "eps": 1e-6, "betas": "(0.9, 0.98)"},
        {"batch_norm.momentum": 0.999, "optimizer": "adam"},
        {"layer_norm.eps": 0.1, "optimizer": "adam"},
    ],
)
def test_usual_settings_are_no_signal(signals_of, settings) -> None:
    names = {"weight_decay_high", "dropout_high", "optimizer_unusual"}
    assert not names & signals_of({"loss": level(1.7, 20)}, settings).keys()


def test_rate_below_pretraining_counts_from_fresh_weights_only(signals_of) -> None:
    loss = falling(1.4, 1.39, 20)
    fresh = signals_of({"loss": loss}, {"optimizer": "adam", "lr": 2e-6})
    tuned = signals_of({"loss": loss}, {"optimizer": "adam", "lr": 2e-6, "init_from": "base.pt"})
    assert fresh["lr_low"].strength >= 0.5
    assert "lr_low" not in tuned


def test_rate_that_is_spent_before_half_of_the_run(signals_of) -> None:
    loss, early = level(0.85, 16), [3e-3, 3e-4, 3e-5, 3e-6] + [3e-6] * 12
    found = signals_of({"loss": loss, "lr": early})
    assert found["lr_spent_early"].values["peak_lr"] == pytest.approx(3e-3)
    assert "lr_spent_early" not in signals_of({"loss": loss, "lr": [3e-3] * 9 + [3e-5] * 7})


def test_rate_that_was_gone_before_the_first_logged_epoch(signals_of) -> None:
    found = signals_of({"loss": level(0.85, 16), "lr": [3e-6] * 16}, {"lr": 3e-3}, step_kind="epoch")
    assert found["lr_zero"].strength >= 0.5


def test_rate_that_only_rises_and_a_warm_up_that_ends(signals_of) -> None:
    loss = level(0.9, 18)
    assert signals_of({"loss": loss, "lr": [2e-3 * 1.6**i for i in range(18)]})["lr_grows"].strength > 0.5
    assert "lr_grows" not in signals_of({"loss": loss, "lr": [1e-4 * (i + 1) for i in range(8)] + [1e-3] * 10})


def test_counter_of_skipped_steps_that_goes_on(signals_of) -> None:
    steps = range(10, 210, 10)
    loss = level(1.1, 20)
    always = signals_of({"loss": loss, "skipped": [float(s) for s in steps]}, steps=steps)
    searching = signals_of({"loss": loss, "skipped": [7.0] * 20}, steps=steps)
    assert always["steps_skipped"].strength == 1.0
    assert "steps_skipped" not in searching


def test_discriminator_that_wins_and_adversaries_in_balance(signals_of) -> None:
    won = signals_of({"d_loss": [1.2 * 0.7**i for i in range(20)], "g_loss": [0.8 + 0.4 * i for i in range(20)]})
    even = signals_of({"d_loss": level(1.37, 20), "g_loss": level(0.7, 20)})
    spaced = signals_of({"D loss": [1.2 * 0.7**i for i in range(20)], "G loss": [0.8 + 0.4 * i for i in range(20)]})
    assert won["discriminator_wins"].strength >= 0.5
    assert "discriminator_wins" in spaced
    assert even["adversaries_balanced"].strength >= 0.5
    assert "discriminator_wins" not in even


def test_share_of_active_units_and_norm_of_weights(signals_of) -> None:
    found = signals_of({"loss": level(1.0, 10), "active": [0.5 * 0.4**i for i in range(10)]})
    assert found["units_off"].strength >= 0.5
    assert "units_off" not in signals_of({"loss": level(1.0, 10), "active": level(0.4, 10)})
    shrunk = signals_of({"loss": level(1.0, 10), "weight_norm": [30.0 * 0.5**i for i in range(10)]})
    assert shrunk["weights_shrink"].strength >= 0.5


def test_metric_far_above_a_guess_is_reached_and_a_poor_one_beside_it_denies_it(signals_of) -> None:
    loss = falling(1.0, 0.4, 6)
    assert signals_of({"loss": loss, "val_acc": [0.91, 0.93, 0.94, 0.95, 0.95, 0.95]})["metric_reached"].strength == 1.0
    poor = {"loss": loss, "val_acc": [0.95] * 6, "val_f1": [0.3, 0.31, 0.3, 0.3, 0.31, 0.3]}
    assert "metric_reached" not in signals_of(poor)


def test_reward_that_is_full_every_time_is_only_a_mark(signals_of) -> None:
    columns = {"episode_reward": [1.0] * 10, "policy_loss": level(3.0, 10)}
    assert signals_of(columns)["reward_flat"].strength < 0.5
    assert signals_of({**columns, "episode_reward": [0.0] * 10})["reward_flat"].strength == 1.0


def test_reward_that_rose_early_and_stayed_is_improving(signals_of) -> None:
    reward = [
        -20.0,
        -20.0,
        -20.0,
        -15.0,
        2.0,
        5.0,
        4.0,
        6.0,
        5.0,
        6.5,
        4.5,
        6.0,
        5.5,
        6.5,
        5.0,
        6.0,
        6.5,
        5.5,
        6.0,
        5.5,
    ]
    assert signals_of({"reward": reward, "policy_loss": level(1.0, 20)})["reward_improving"].strength >= 0.5


def test_kl_term_that_is_gone_before_the_second_point_and_one_that_rises(signals_of) -> None:
    recon = falling(0.7, 0.65, 12)
    gone = signals_of({"loss": recon, "recon_loss": recon, "kl_loss": [0.04 * 0.5**i for i in range(12)]})
    used = signals_of({"loss": recon, "recon_loss": recon, "kl_loss": [0.0001 * 1.5**i for i in range(12)]})
    assert gone["kl_vanishing"].strength >= 0.5
    assert "kl_vanishing" not in used


def test_one_bad_batch_is_got_over(signals_of) -> None:
    loss = [2.0, *level(0.05, 20, 0.05), 30.0, *level(0.05, 20, 0.05)]
    assert signals_of({"loss": loss})["loss_blow_up"].strength < 0.5


def test_loss_that_is_called_by_its_phase_alone(signals_of) -> None:
    found = signals_of({"train": level(1.39, 12), "val_acc": [0.25, 0.26, 0.25, 0.24] * 3}, step_kind="epoch")
    assert found["loss_at_chance"].values["classes"] == 4
    assert "loss_constant" not in signals_of({"train": [0.5 + 0.04 * i for i in range(12)]})


def test_first_loss_far_above_what_its_accuracy_costs(signals_of) -> None:
    loss, accuracy = [15.0, 8.0, 4.0, 2.7, 2.3, 1.9, 1.8, 1.7], [0.036, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.5]
    steps = range(0, 400, 50)
    high = signals_of({"loss": loss, "val_acc": accuracy}, steps=steps)
    usual = signals_of({"loss": [3.6, 3.0, 2.7, 2.4, 2.2, 1.9, 1.8, 1.7], "val_acc": accuracy}, steps=steps)
    assert high["loss_start_high"].strength >= 0.5
    assert "loss_start_high" not in usual
