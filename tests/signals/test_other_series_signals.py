"""Gradients, learning rate, validation, memory, speed, reinforcement learning."""

import math

import numpy as np
import pytest

from misrun.tools.readers.run_record import EnvironmentFact
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure

NAN = math.nan
FALLING = [2.3 * 0.95**i + 0.1 for i in range(60)]


def test_first_fp16_iterations_may_overflow(signals_of) -> None:
    norm = [NAN, NAN, NAN] + [1.0] * 57
    scale = [65536.0, 32768.0, 16384.0] + [8192.0] * 57
    found = signals_of({"loss": FALLING, "grad_norm": norm, "loss_scale": scale})
    assert "grad_nonfinite" not in found
    assert found["loss_scale_search"].strength < 0.5


def test_loss_scale_at_its_minimum_is_a_collapse(signals_of) -> None:
    scale = [65536.0 / 2**i for i in range(17)] + [1.0] * 5
    assert signals_of({"loss": [2.0] * 22, "loss_scale": scale})["loss_scale_collapse"].values["last"] == 1.0


def test_growth_and_one_halving_of_the_loss_scale_are_normal(signals_of) -> None:
    scale = [65536.0] * 30 + [131072.0] * 25 + [65536.0] * 10
    assert not {"loss_scale_collapse", "loss_scale_search"} & set(signals_of({"loss_scale": scale}))


def test_gradient_spike_that_recovers_is_only_a_mark(signals_of) -> None:
    norm = [1.0 + 0.1 * (i % 3) for i in range(60)]
    norm[30] = 80.0
    signal = signals_of({"loss": FALLING, "grad_norm": norm})["grad_exploding"]
    assert signal.values["recovered"] is True
    assert signal.strength < 0.5


def test_gradient_shrinks_with_a_converging_loss_without_alarm(signals_of) -> None:
    loss = [2.0 * 0.8**i for i in range(40)]
    assert "grad_vanishing" not in signals_of({"loss": loss, "grad_norm": [value / 2 for value in loss]})


def test_norms_far_above_the_clipping_threshold_are_told(signals_of) -> None:
    found = signals_of({"loss": FALLING, "grad_norm": [40.0 + i % 5 for i in range(60)]}, {"max_grad_norm": 1.0})
    assert found["grad_clipped_always"].strength >= 0.5
    assert found["grad_clipped_always"].values["threshold"] == 1.0


@pytest.mark.parametrize("decay", [lambda p: 0.5 * (1 + math.cos(math.pi * p)), lambda p: 1 - p])
def test_rate_that_ends_at_zero_by_design_is_no_alarm(signals_of, decay) -> None:
    assert "lr_zero" not in signals_of({"loss": FALLING, "lr": [1e-3 * decay(i / 59) for i in range(60)]})


def test_constant_rate_under_a_schedule_is_told_with_the_setting(signals_of) -> None:
    signal = signals_of({"loss": FALLING, "lr": [1e-4] * 60}, {"lr_scheduler_type": "cosine"})[
        "lr_constant_under_schedule"
    ]
    assert "lr_scheduler_type = cosine" in signal.text
    assert "lr_constant_under_schedule" not in signals_of({"lr": [1e-4] * 60}, {"lr_scheduler_type": "constant"})


def test_usual_range_depends_on_the_optimizer(signals_of) -> None:
    assert "lr_high" in signals_of({"lr": [0.1] * 5}, {"optimizer": "AdamW"})
    assert "lr_high" not in signals_of({"lr": [0.1] * 5}, {"optimizer": "SGD"})
    assert "lr_high" not in signals_of({"lr": [0.1] * 5})
    assert "lr_low" in signals_of({"lr": [1e-9] * 5}, {"optim": "adamw_torch"})


def test_fine_tuning_has_a_lower_range_except_for_adapters(signals_of) -> None:
    tuned = {"optim": "adamw_torch", "model_name_or_path": "bert-base-uncased"}
    assert "lr_high" in signals_of({"lr": [2e-3] * 5}, tuned)
    assert "lr_high" not in signals_of({"lr": [2e-3] * 5}, {**tuned, "lora_r": 8})


def test_rate_at_the_onset_and_its_change_before(signals_of) -> None:
    rate = [1e-4] * 40 + [1e-2] * 20
    loss = FALLING[:41] + [50.0 * 2**i for i in range(19)]
    found = signals_of({"loss": loss, "lr": rate})
    assert found["lr_at_onset"].values["lr_at_onset"] == 1e-2
    assert found["lr_change_at_onset"].step == 41


def test_warm_up_is_no_abrupt_change(signals_of) -> None:
    rate = [1e-5 * (i + 1) for i in range(10)]
    assert "lr_change_at_onset" not in signals_of(
        {"loss": [2.3, 2.2, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN], "lr": rate}
    )


def test_validation_gap_gives_best_and_end(signals_of) -> None:
    value = [2.0, 1.5, 1.2, 1.0, 1.1, 1.3, 1.6, 1.9, 2.2, 2.5]
    rows = [value[i // 6] if i % 6 == 5 else None for i in range(60)]
    signal = signals_of({"loss": FALLING, "val_loss": rows})["validation_gap"]
    assert signal.values["best"] == 1.0
    assert signal.values["best_step"] == 24
    assert signal.values["end"] > 2.0


def test_rise_of_validation_loss_without_falling_training_loss_is_no_gap(signals_of) -> None:
    found = signals_of({"loss": [1.0, 1.01] * 10, "val_loss": [1.0 + 0.05 * i for i in range(20)]})
    assert "validation_gap" not in found


def test_metric_with_one_value_is_told_but_placeholders_are_not(signals_of) -> None:
    found = signals_of({"loss": FALLING[:6], "val_f1": [0.0] * 6})
    assert found["metric_constant"].values["metric"] == "val_f1"
    assert "metric_constant" not in signals_of(
        {"val_hp_metric": [-1.0] * 6, "eval_runtime": [3.0] * 6, "val_acc": [1.0] * 6}
    )


def test_metric_that_ignores_the_falling_loss_disagrees(signals_of) -> None:
    found = signals_of(
        {
            "val_loss": [2.0, 1.6, 1.3, 1.0, 0.8, 0.7],
            "loss": [2.0, 1.5, 1.2, 0.9, 0.7, 0.6],
            "val_accuracy": [0.31, 0.3, 0.31, 0.3, 0.31, 0.3],
        }
    )
    assert "metric_disagrees" in found


def test_percentages_count_as_shares(signals_of) -> None:
    found = signals_of({"loss": [2.31, 2.3, 2.3, 2.31, 2.3, 2.3], "val_acc": [10.1, 9.8, 10.0, 10.2, 9.9, 10.0]})
    assert found["metric_at_chance"].values["classes"] == 10


def test_memory_growth_gives_slope_and_steps_until_full(build) -> None:
    run = build({"memory_mib": [1000.0 + 10.0 * i for i in range(50)]})
    run.environment("gpu_memory_mib", "2490", Span(file="env.txt", first=1, last=1))
    signal = next(s for s in measure(run.build()) if s.name == "memory_growth")
    assert signal.values["slope_mib_per_step"] == pytest.approx(10.0)
    assert signal.values["mib_first"] == 1000.0
    assert signal.values["mib_last"] == 1490.0
    assert signal.values["steps_until_full"] == pytest.approx(100.0)


def test_memory_that_fills_its_cache_first_does_not_grow(signals_of) -> None:
    assert "memory_growth" not in signals_of({"memory": [500.0, 900.0, 990.0] + [1000.0 + i % 2 for i in range(40)]})


def test_high_and_flat_memory_is_high_and_flat(build) -> None:
    run = build({"memory_mib": [15000.0 + i % 3 for i in range(30)]})
    run.environment("gpu_memory_mib", "16000", Span(file="env.txt", first=1, last=1))
    names = {s.name for s in measure(run.build())}
    assert "memory_high_stable" in names
    assert not {"memory_growth", "memory_jump"} & names


def test_memory_units_are_converted(signals_of) -> None:
    in_bytes = signals_of({"memory_allocated": [2.0**30 * (1 + 0.1 * i) for i in range(20)]})["memory_growth"]
    assert in_bytes.values["mib_first"] == pytest.approx(1024.0)


def test_jump_is_no_growth(signals_of) -> None:
    found = signals_of({"memory": [4000.0 + i % 3 for i in range(30)] + [9000.0 + i % 3 for i in range(20)]})
    assert found["memory_jump"].step == 31
    assert "memory_growth" not in found


def test_collapse_of_speed_needs_a_lasting_change(signals_of) -> None:
    fast = [100.0 + i % 7 for i in range(50)]
    assert (
        signals_of({"samples_per_second": fast + [20.0 + i % 3 for i in range(50)]})["throughput_collapse"].values[
            "ratio"
        ]
        > 4
    )
    hiccup = [*fast, 10.0, *fast]
    assert "throughput_collapse" not in signals_of({"samples_per_second": hiccup})


def test_waiting_for_data_is_measured_against_the_step(signals_of) -> None:
    found = signals_of({"time": [1.0, 1.1, 1.0, 0.9], "data_time": [0.8, 0.9, 0.8, 0.7]})
    assert found["loader_bound"].value == pytest.approx(0.8, abs=0.02)
    apart = signals_of({"load_s": [0.9, 0.8, 0.9, 0.9], "compute_s": [0.1, 0.1, 0.1, 0.1]})
    assert apart["loader_bound"].value == pytest.approx(0.9, abs=0.02)
    assert "loader_bound" not in signals_of({"load_s": [0.02] * 4, "compute_s": [0.1] * 4})


def test_equal_rewards_in_all_groups(signals_of) -> None:
    found = signals_of(
        {
            "loss": [0.0] * 6,
            "grad_norm": [0.0] * 6,
            "reward": [0.0] * 6,
            "reward_std": [0.0] * 6,
            "frac_reward_zero_std": [1.0] * 6,
        }
    )
    assert found["reward_flat"].values["kind"] == "groups"
    assert "loss_zero" not in found


def test_sparse_reward_that_is_found_later_is_no_alarm(signals_of) -> None:
    found = signals_of({"reward": [0.0] * 5 + [0.1 * i for i in range(15)], "reward_std": [0.0] * 5 + [0.3] * 15})
    assert "reward_flat" not in found


def test_entropy_with_the_sign_of_a_loss(signals_of) -> None:
    entropy = [-1.4 * 0.8**i for i in range(30)]
    found = signals_of({"train/entropy_loss": entropy, "rollout/ep_rew_mean": [20.0 - 0.1 * i for i in range(30)]})
    assert found["entropy_collapse"].values["first"] == pytest.approx(1.19, abs=0.1)


def test_kl_and_value_function_of_a_policy(signals_of) -> None:
    steps = range(20)
    found = signals_of(
        {
            "rollout/ep_rew_mean": [20.0] * 20,
            "train/approx_kl": [0.01 * 1.4**i for i in steps],
            "train/explained_variance": [-0.1] * 20,
        }
    )
    assert "kl_runaway" in found
    assert found["explained_variance_low"].value == pytest.approx(-0.1)


def test_posterior_collapse(signals_of) -> None:
    found = signals_of({"recon_loss": [100.0 - i for i in range(12)], "kl_loss": [5.0 * 0.4**i for i in range(12)]})
    assert "kl_vanishing" in found


def test_sizes_that_do_not_fit(signals_of) -> None:
    found = signals_of(
        {},
        {"tokenizer.vocab_size": 32016, "model.vocab_size": 32000, "num_labels": 3, "max_label": 3, "oov_rate": 0.25},
    )
    assert found["vocabulary_exceeds_embedding"].values["missing"] == 16
    assert found["labels_exceed_classes"].values["label"] == 3
    assert found["oov_high"].value == 0.25
    fits = signals_of({}, {"tokenizer.vocab_size": 32000, "model.vocab_size": 32064, "num_labels": 3, "max_label": 2})
    assert not {"vocabulary_exceeds_embedding", "labels_exceed_classes"} & set(fits)


def test_perplexity_counts_at_the_end_not_at_the_start(signals_of) -> None:
    assert "perplexity_high" not in signals_of({"perplexity": [32000.0, 9000.0, 400.0, 60.0]}, {"vocab_size": 32000})
    assert "perplexity_high" in signals_of({"perplexity": [32000.0, 40000.0, 90000.0, 80000.0]}, {"vocab_size": 32000})


def test_contradicting_settings(signals_of) -> None:
    signal = signals_of({}, {"fp16": True, "bf16": True})["config_conflict"]
    assert signal.values == {"fp16": True, "bf16": True}
    assert "config_conflict" in signals_of({}, {"max_seq_length": 4096, "max_position_embeddings": 512})
    assert "config_conflict" not in signals_of(
        {}, {"fp16": False, "bf16": True, "warmup_steps": 100, "max_steps": 1000}
    )


def test_environment_without_numbers_is_survived(build) -> None:
    run = build({"memory": list(np.full(6, 1000.0))})
    fact = EnvironmentFact(name="gpu_memory_mib", value="unknown", span=Span(file="env.txt", first=1, last=1))
    run.environment(fact.name, fact.value, fact.span)
    assert "memory_high_stable" not in {s.name for s in measure(run.build())}


def _paused(every: int) -> dict[str, list[float | None]]:
    times = [0.01 if i % every else 0.2 for i in range(1, 201)]
    return {"loss": [2.0 / i for i in range(1, 201)], "step_time": times}


def test_steps_that_pause_again_and_again_are_counted_with_what_they_cost(signals_of) -> None:
    found = signals_of(_paused(25))["step_time_pauses"]
    assert found.values["pauses"] == 8
    assert 0.4 < found.value < 0.5
    assert found.values["onset_step"] == 25


def test_pauses_for_an_evaluation_are_none(signals_of) -> None:
    columns = _paused(25) | {"val_loss": [None if i % 25 else 1.0 / i for i in range(1, 201)]}
    assert "step_time_pauses" not in signals_of(columns)


def test_two_slow_steps_are_no_rhythm(signals_of) -> None:
    assert "step_time_pauses" not in signals_of(_paused(90))
