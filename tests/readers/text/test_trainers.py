"""Real console logs of trainers: the exact numbers and where they stand."""

import math
from collections.abc import Callable

import pytest

from misrun.tools.readers.run_record import RunRecord, Series

Sample = Callable[[str], RunRecord]
Read = Callable[[str], RunRecord]


def series(record: RunRecord, name: str, phase: str) -> Series:
    found = [one for one in record.series if one.name == name and one.phase == phase]
    assert found, f"no {phase} {name} among {[(one.name, one.phase) for one in record.series]}"
    return max(found, key=lambda one: len(one.values))


def test_trainer_version_5_strings_behind_a_progress_bar(sample: Sample) -> None:
    record = sample("hf_v5/hf_comb.log")
    loss = series(record, "loss", "train")
    assert loss.values == (4.703, 4.702, 4.71, 4.714, 4.651, 4.647, 4.655, 4.665)
    assert loss.steps == (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    assert (loss.step_kind, loss.lines[0], loss.lines[-1]) == ("epoch", 4, 28)
    assert series(record, "loss", "eval").values == (4.677, 4.657, 4.647, 4.642, 4.642396926879883)
    assert series(record, "lr", "train").values[0] == 0.0009063
    assert (record.ending.status, record.ending.last_step, record.ending.planned_steps) == ("finished", 32, 32)
    assert str(record.ending.spans[0]) == "log:36"


def test_trainer_version_4_floats(sample: Sample) -> None:
    record = sample("hf_v4/hf4.log")
    assert series(record, "grad_norm", "train").values[0] == 1.121766448020935
    assert series(record, "loss", "eval").lines == (3, 6, 9, 12, 14)
    assert record.ending.status == "finished"


def test_bars_without_metrics_tell_progress_and_speed(sample: Sample) -> None:
    record = sample("hf_v4/hf4.err")
    rates = series(record, "throughput", "system")
    assert rates.raw_name == "it/s"
    assert (rates.steps[0], rates.values[0]) == (1, 2.38)
    assert 1.0 / 1.01 in rates.values  # "1.01s/it"
    assert (record.ending.last_step, record.ending.planned_steps) == (32, 32)


def test_nan_loss_is_read_as_printed(sample: Sample) -> None:
    loss = series(sample("hf_nan/filter_off.log"), "loss", "train")
    assert math.isnan(loss.values[-1])
    assert loss.first_nonfinite is not None


def test_filtered_nan_loss_shows_zero_beside_nan_gradients(sample: Sample) -> None:
    record = sample("hf_nan/filter_on_default.log")
    assert series(record, "loss", "train").values[-1] == 0.0
    assert math.isnan(series(record, "grad_norm", "train").values[-1])


def test_preference_training_keys_keep_their_names(sample: Sample) -> None:
    record = sample("trl/trl_dpo.log")
    margins = next(one for one in record.series if one.raw_name == "rewards/margins")
    assert margins.values == (1.307e-05, 6.247e-05, 9.191e-05)
    assert record.ending.planned_steps is None  # the bars belong to the preparation of the data


def test_group_rewards_without_spread(sample: Sample) -> None:
    record = sample("trl/trl_grpo0.log")
    flat = next(one for one in record.series if one.raw_name == "frac_reward_zero_std")
    assert flat.values == (1.0, 1.0, 1.0, 1.0)


def test_lightning_bars_carry_steps_over_epochs(sample: Sample) -> None:
    record = sample("lightning_2.1/pl.log")
    loss = series(record, "loss", "train")
    assert loss.steps[0] == 1
    assert (loss.steps[-1], loss.values[-1]) == (24, 0.603)
    validation = series(record, "loss", "eval")
    assert (validation.steps, validation.values) == ((8, 16, 24), (0.753, 0.709, 0.687))
    assert (record.ending.status, record.ending.planned_steps) == ("finished", 24)


def test_lightning_rich_bar_with_metrics_on_the_lines_below(sample: Sample) -> None:
    record = sample("lightning_2.6/pl.log")
    assert series(record, "loss", "train").values == (0.603,)
    assert series(record, "loss", "eval").lines == (21,)
    assert {setting.name: setting.value for setting in record.config}["n_parameters"] == 10
    assert record.ending.status == "finished"


def test_keras_bars_with_backspaces_and_colours(sample: Sample) -> None:
    record = sample("keras3/ker.log")
    assert series(record, "accuracy", "train").values[:2] == (0.5, 0.7083)
    assert series(record, "loss", "eval").values[0] == 0.7460
    assert [event.name for event in record.events] == ["early_stop"]


def test_stable_baselines_boxes_count_timesteps(sample: Sample) -> None:
    record = sample("sb3/sb.log")
    kl = next(one for one in record.series if one.raw_name == "train/approx_kl")
    assert kl.steps == (512, 768, 1024)
    assert kl.values == (0.0049003065, 0.004409631, 0.0066080824)
    rewards = next(one for one in record.series if one.raw_name == "rollout/ep_rew_mean")
    assert (rewards.steps[0], rewards.values[0]) == (256, 22.3)


def test_mmengine_counts_steps_over_epochs(sample: Sample) -> None:
    record = sample("mmengine/mm.log")
    loss = series(record, "loss", "train")
    assert loss.steps == (8, 16, 24, 32)
    assert loss.values[0] == 0.7917
    assert {fact.name: fact.value for fact in record.environment}["torch"] == "2.15.0+cu132"


def test_yolo_rows_under_their_header(sample: Sample) -> None:
    record = sample("ultralytics/yo.log")
    box = next(one for one in record.series if one.raw_name == "box_loss")
    assert (box.steps, box.values, box.step_kind) == ((1, 2), (3.507, 2.106), "epoch")
    assert "setting_ignored" in {event.name for event in record.events}
    assert record.setting("amp") is not None


def test_boosting_rounds(sample: Sample) -> None:
    record = sample("xgboost/xgb_lgb.log")
    train = next(one for one in record.series if one.raw_name == "train-logloss")
    assert (train.steps, train.values) == ((0, 1, 2), (0.44531, 0.30606, 0.21755))
    light = next(one for one in record.series if one.raw_name == "binary_logloss")
    assert (light.phase, light.values[0]) == ("eval", 0.597689)


def test_wandb_footer_adds_no_points(sample: Sample) -> None:
    record = sample("wandb_0.31/console.log")
    assert len(record.series) == 1
    assert record.series[0].first_nonfinite == 8


@pytest.mark.parametrize(
    ("text", "name", "phase", "step", "value"),
    [
        ("step 2000: train loss 3.1021, val loss 3.1187", "loss", "eval", 2000, 3.1187),
        ("iter 2010: loss 3.0844, time 251.33ms, mfu 38.12%", "step_time", "system", 2010, 0.25133),
        ("epoch 3 | step 120 | loss: 0.41 | lr 1e-3", "lr", "train", 120, 0.001),
        ("Epoch [1/10], Step [100/600], Loss: 0.1234", "loss", "train", 100, 0.1234),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.3", "loss", "train", 640, 2.3),
        ("Train: 4 [ 300/5004 (  6%)]  Loss:       nan (   nan)  LR: 6.227e-02", "lr", "train", 300, 0.06227),
        ("I0127 08:53:57.63 37204 solver.cpp:68] Iteration 78000, loss = 6.9063", "loss", "train", 78000, 6.9063),
        ("| epoch   1 |   200/ 2983 batches | lr 20.00 | loss  7.62", "loss", "train", 200, 7.62),
        ("INFO:tensorflow:loss = 0.69, step = 100 (1.234 sec)", "loss", "train", 100, 0.69),
        ("global_step=2048, episodic_return=[23.]", "reward", "train", 2048, 23.0),
        ("step 7 loss = tensor(0.5, device='cuda:0', grad_fn=<X>)", "loss", "train", 7, 0.5),
        ("step:7 - actor/grad_norm:0.2214 - critic/rewards/mean:0.31", "reward", "train", 7, 0.31),
        ("logging_writer.py:48] [100] learning_rate=0.0013, loss=2.30481", "loss", "train", 100, 2.30481),
        ("2021 | INFO | valid | epoch 001 | loss 8.921 | ppl 390.7 | num_updates 2048", "loss", "eval", 2048, 8.921),
        ('x | train_inner | {"epoch": 1, "loss": "16.446", "num_updates": "2"}', "loss", "train", 2, 16.446),
        ("Episode 10/500, reward: 23.0, epsilon: 0.95", "reward", "train", 10, 23.0),
        ("step 5 Test set loss: 107.1", "loss", "eval", 5, 107.1),
        (
            "epoch 0, total_step 22050, training accuracy is 0.25, time 243 samples/sec",
            "accuracy",
            "train",
            22050,
            0.25,
        ),
        ("{'loss': -0.5, 'epoch': 0.0, 'global_step/max_steps': '5/3766'}", "loss", "train", 5, -0.5),
        ("[1]\tvalid_0's binary_logloss: 0.597689", "loss", "eval", 1, 0.597689),
        (
            "iteration 1,280/ 50,000 | lm loss: 3.214090E+00 | number of nan iterations:   0 |",
            "loss",
            "train",
            1280,
            3.21409,
        ),
    ],
)
def test_metric_lines_of_many_programs(read: Read, text: str, name: str, phase: str, step: float, value: float) -> None:
    record = read(text)
    found = [one for one in record.series if (one.name, one.phase) == (name, phase) or one.raw_name.endswith(name)]
    assert [(one.steps[0], one.values[0]) for one in found if one.phase == phase] == [(step, pytest.approx(value))]


def test_epoch_headings_place_the_lines_below_them(read: Read) -> None:
    record = read(
        "Epoch 0/24\n-----\ntrain Loss: 0.69 Acc: 0.5\nval Loss: 0.5 Acc: 0.7\nEpoch 1/24\ntrain Loss: 0.6 Acc: 0.6\n"
    )
    loss = series(record, "loss", "train")
    assert (loss.step_kind, loss.steps, loss.values) == ("epoch", (0, 1), (0.69, 0.6))
    assert record.ending.status == "unfinished"


def test_steps_that_restart_with_each_epoch_go_on_counting(read: Read) -> None:
    record = read("epoch 1 step 10 loss 3\nepoch 1 step 20 loss 2\nepoch 2 step 10 loss 1\n")
    assert series(record, "loss", "train").steps == (10, 20, 30)


def test_missing_loss_of_a_megatron_line_leaves_a_gap(read: Read) -> None:
    record = read(
        " iteration 1280/ 50000 | lm loss: 3.2E+00 | grad norm: 0.412 |\n iteration 1281/ 50000 | grad norm: nan |\n"
    )
    assert series(record, "loss", "train").steps == (1280,)
    assert math.isnan(series(record, "grad_norm", "train").values[1])


@pytest.mark.parametrize(
    "table",
    [
        "Step\tTraining Loss\tValidation Loss\n500\t1.234\t0.9\n1000\tnan\tNo log\n",
        "| Step | Training Loss | Validation Loss |\n|------|------|------|\n| 500 | 1.234 | 0.9 |\n| 1000 | nan | No log |\n",
        "Step Training Loss\n500 1.234\n1000 nan\n",
        "step,train_loss,val_loss\n500,1.234,0.9\n1000,nan,\n",
    ],
)
def test_pasted_tables(read: Read, table: str) -> None:
    record = read(table)
    loss = series(record, "loss", "train")
    assert loss.steps == (500, 1000)
    assert math.isnan(loss.values[1])


def test_prose_code_and_settings_give_no_metrics(read: Read) -> None:
    record = read(
        "I trained for 3 epochs on 2 GPUs and it took 14 hours.\n"
        "settings: epochs=10 batch=64 lr=0.001 seed=3\n"
        "    loss = 0.5\n"
        "for step in range(10):\n"
        "max_grad_norm: 1.0\n"
        "File size 23.4 MB, port 29500\n"
    )
    assert record.series == ()
    assert {one.name: one.value for one in record.config}["epochs"] == 10


def test_counted_accuracy_becomes_a_fraction(read: Read) -> None:
    record = read("Test set: Average loss: 0.0512, Accuracy: 9832/10000 (98%)\n")
    assert series(record, "accuracy", "eval").values == (0.9832,)


def test_metrics_set_as_the_description_of_a_bar_are_read(read: Read) -> None:
    shown = "loss 2.{0}17 lr 1.0e-02 val_acc 0.173:  50%|#####     | {0}/4 [00:00<00:04, 97.95it/s]\r"
    record = read("  0%|          | 0/4 [00:00<?, ?it/s]\r" + "".join(shown.format(n) for n in (1, 2, 3, 4)) + "\n")
    found = {(one.name, one.phase): (one.steps, one.values) for one in record.series if one.phase != "system"}
    assert found == {
        ("loss", "train"): ((1, 2, 3, 4), (2.117, 2.217, 2.317, 2.417)),
        ("lr", "train"): ((1, 2, 3, 4), (0.01,) * 4),
        ("accuracy", "eval"): ((1,), (0.173,)),
    }
    assert (record.ending.status, record.ending.planned_steps) == ("finished", 4)


def test_a_bar_described_by_validation_metrics_alone_is_no_training(read: Read) -> None:
    record = read("".join(f"val_loss 0.{n}:  50%|#####     | {n}/4 [00:00<00:04, 9.5it/s]\n" for n in (1, 2)))
    assert [(one.name, one.phase) for one in record.series] == [("loss", "eval")]
    assert record.ending.last_step is None


@pytest.mark.parametrize(
    "line",
    [
        "resumed last.pt at step 700",
        "Resuming run from global_step=700",
        "resumed: epoch 3",
        "Resuming training from a.pt",
    ],
)
def test_a_resumed_run_says_so(read: Read, line: str) -> None:
    assert [event.name for event in read(line + "\n").events] == ["resumed"]


def test_resuming_without_a_place_is_no_event(read: Read) -> None:
    assert not read("step 5 loss 0.3\nresuming is only possible at the end of an epoch\n").events
