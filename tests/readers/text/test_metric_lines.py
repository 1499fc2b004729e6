"""Home-made metric lines: which numbers are metrics, of which phase, and reading many lines at once."""

import math
from collections.abc import Callable

import pytest

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.readers.text_log import _Log

Read = Callable[[str], RunRecord]


def metrics(record: RunRecord) -> dict[tuple[str, str], float]:
    return {(one.raw_name, one.phase): one.values[-1] for one in record.series}


def test_qualities_after_a_validation_loss_are_of_validation(read: Read) -> None:
    found = metrics(read("Epoch  1: train_loss=0.57 val_loss=0.47 accuracy=0.98 precision=0.000 f1=0.000\n"))
    assert found == {
        ("train_loss", "train"): 0.57,
        ("val_loss", "eval"): 0.47,
        ("accuracy", "eval"): 0.98,
        ("precision", "eval"): 0.0,
        ("f1", "eval"): 0.0,
    }


def test_qualities_follow_the_phase_that_the_line_names(read: Read) -> None:
    found = metrics(read("Epoch: 4 | Train: loss 0.5 recall 0.3 | Val: loss 0.6 recall 0.4\n"))
    assert (found["recall", "train"], found["recall", "eval"]) == (0.3, 0.4)


def test_a_bare_quality_beside_one_of_validation_is_of_training(read: Read) -> None:
    found = metrics(read("Epoch 3/10 - loss: 0.5 - recall: 0.30 - val_loss: 0.6 - val_recall: 0.4\n"))
    assert (found["recall", "train"], found["val_recall", "eval"]) == (0.3, 0.4)


def test_a_quality_follows_the_word_on_its_line_against_the_rest_of_the_log(read: Read) -> None:
    record = read("Epoch 1 | train loss 0.6 | val f1 0.95\nTEST acc 0.81 f1 0.15\n")
    found = metrics(record)
    assert (found["val f1", "eval"], found["f1", "eval"]) == (0.95, 0.15)
    assert not [one for one in record.series if one.name == "f1" and one.phase == "train"]


def test_a_line_of_a_place_and_own_quantities_alone_is_read(read: Read) -> None:
    record = read("".join(f"[{n}/150] D: 0.{n} G: 1.{n} wasserstein: 2.3e-1\n" for n in (50, 100, 150)))
    assert {one.raw_name: one.steps for one in record.series} == dict.fromkeys(
        ("D", "G", "wasserstein"), (50, 100, 150)
    )
    assert (record.ending.status, record.ending.planned_steps) == ("finished", 150)


@pytest.mark.parametrize(
    "line",
    ["[1/8] files: 20 rows: 300", "[3/10] Building CXX object a.o", "[0] NCCL version 2.18", "[1/2] done in: 3.5 s"],
)
def test_counts_of_other_work_are_no_metrics_and_no_plan(read: Read, line: str) -> None:
    record = read(line + "\nloss 0.5\n")
    assert [(one.raw_name, one.step_kind) for one in record.series] == [("loss", "index")]
    assert record.ending.planned_steps is None


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("[{}/300] loss: 0.5\n", (0, 15, 30)),
        ("[  {}/300] loss 0.5\n", (0, 15, 30)),
        ("[{:5d}] cross-entropy 5893.3\n", (0, 15, 30)),
        ("[{}] loss nan\n", (0, 15, 30)),
    ],
)
def test_a_number_in_brackets_before_a_metric_is_the_step(read: Read, line: str, steps: tuple[int, ...]) -> None:
    record = read("".join(line.format(step) for step in steps))
    assert [(one.step_kind, one.steps) for one in record.series] == [("step", steps)]


def test_a_count_that_starts_anew_is_of_one_pass_and_no_plan(read: Read) -> None:
    batches = "loss: 1.8  [    0/960]\nloss: 1.7  [  480/960]\n"
    below = read("".join(f"{batches}Epoch {epoch}\n Accuracy: 18.3%, Avg loss: 1.79\n\n" for epoch in (1, 2, 3)))
    assert next(one for one in below.series if one.raw_name == "loss").steps == (0, 480, 960, 1440, 1920, 2400)
    bare = read(batches * 2)
    assert bare.series[0].steps == (0, 480, 960, 1440)
    assert (below.ending.planned_steps, bare.ending.planned_steps) == (None, None)


def test_a_count_that_goes_back_before_its_end_is_a_resumed_run(read: Read) -> None:
    record = read("".join(f"[{n}/100] loss: 0.5\n" for n in (10, 20, 30, 20, 30, 40)))
    assert record.series[0].steps == (10, 20, 30, 20, 30, 40)
    assert record.ending.planned_steps == 100


def test_epochs_that_only_evaluations_tell_are_gone_through(read: Read) -> None:
    epoch = "[ {0}0] loss 0.5\n[ {0}5] loss 0.4\n*** epoch {0} test loss 0.6\n"
    whole = "num_epochs: 3\n" + "".join(epoch.format(n) for n in range(3))
    assert read(whole).ending.status == "finished"
    assert read(whole + "[ 99] loss 0.3\n").ending.status != "finished"


def test_names_of_the_programs_own_are_kept_on_lines_that_carry_a_metric(read: Read) -> None:
    found = metrics(read("epoch 00 | beta 0.10 | loss 23.718 | recon 23.576 | kl 1.416\n"))
    assert (found["beta", "train"], found["recon", "train"]) == (0.10, 23.576)
    assert ("active", "train") in metrics(read("epoch 1 train_loss 2.3 test_acc 9.80% active 0.000\n"))


def test_counters_clocks_and_words_of_a_sentence_are_no_metrics(read: Read) -> None:
    assert set(metrics(read("step 12 - loss 1.5 - eta 1:23:45 - rank 3 - seed 7\n"))) == {("loss", "train")}
    sentence = "At step 100 the loss is 0.5 while John has 3 apples and took 7 pears\n"
    assert set(metrics(read(sentence))) == {("loss", "train")}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Epoch 3: Train Loss: 0.51 Val Loss: 0.60 | Val Acc: 81.2%", {"Train Loss": 0.51, "Val Loss": 0.6, "Val Acc": 81.2}),
        ("[2026-11-20 06:18:55] INFO - step 50 - loss: 0.51", {"loss": 0.51}),
        ("11/20/2026 06:18:55 - INFO - __main__ -   Step: 50, loss = 1.39", {"loss": 1.39}),
        ("I1120 06:18:55.123456 1234 train.py:55] step 50, loss: 1.39", {"loss": 1.39}),
        ("Epoch [2/10], Loss: [0.532], Acc: [81.20%]", {"Loss": 0.532, "Acc": 81.2}),
        ("step 100 loss (0.532) acc (81.2)", {"loss": 0.532, "acc": 81.2}),
        ("step 5 loss 0.5 mem=3.2GB time=35ms", {"loss": 0.5, "mem": 3276.8, "time": 0.035}),
        ("step 5 | loss 0.5 | Mem 2.5 GiB | lr 0.1", {"loss": 0.5, "Mem": 2560.0, "lr": 0.1}),
    ],
)  # fmt: skip
def test_prefixes_units_and_brackets_do_not_hide_a_value(read: Read, line: str, expected: dict[str, float]) -> None:
    assert {name: pytest.approx(value) for (name, _), value in metrics(read(line + "\n")).items()} == expected


@pytest.mark.parametrize(
    "line", ["Accuracy of the network on the 10000 test images: 54 %", "accuracy on 200 unseen rows: 54.0"]
)
def test_a_result_may_say_what_it_was_measured_on(read: Read, line: str) -> None:
    assert [(one.name, one.phase, one.values) for one in read(line + "\n").series] == [("accuracy", "eval", (54.0,))]


def test_results_below_a_title_of_evaluation_are_of_evaluation(read: Read) -> None:
    batches = "loss: 2.30  [   64/60000]\nloss: 1.29  [ 6464/60000]\n"
    title = "Test Error: \n Accuracy: 81.1%, Avg loss: 0.612 \n"
    record = read("".join(f"Epoch {epoch}\n-------\n{batches}{title}\n" for epoch in (1, 2)))
    steps = {(one.raw_name, one.phase): one.steps for one in record.series}
    assert steps == {
        ("loss", "train"): (64, 6464, 60064, 66464),
        ("Accuracy", "eval"): (6464, 66464),
        ("Avg loss", "eval"): (6464, 66464),
    }


def test_epoch_and_batch_in_one_bracket_make_growing_steps(read: Read) -> None:
    record = read("[1,  2000] loss: 2.173\n[1,  4000] loss: 1.9\n[2,  2000] loss: 1.5\n")
    assert record.series[0].steps == (2000, 4000, 6000)


def test_a_printed_dictionary_of_settings_is_no_metric_line(read: Read) -> None:
    record = read("2026-11-20 06:18:54 INFO: options {'batch': 4, 'lr': 0.001, 'steps': 3000}\nstep 50 loss 1.4\n")
    assert [one.raw_name for one in record.series] == ["loss"]
    assert [(value.name, value.value) for value in record.config] == [("batch", 4), ("lr", 0.001), ("steps", 3000)]


@pytest.mark.parametrize("line", ["step 400 loss nan", "loss is nan at step 4", "step 400 loss inf grad_norm nan"])
def test_a_nan_that_is_a_data_point_is_no_error_of_the_program(read: Read, line: str) -> None:
    record = read(line + "\n")
    assert record.events == ()
    assert not math.isfinite(record.series[0].values[0])


def test_a_program_that_notices_a_nan_says_so(read: Read) -> None:
    record = read("step 400 loss nan, NaN detected, stopping\n")
    assert [event.name for event in record.events] == ["nonfinite_detected"]


_EPOCH = "Epoch [{}/3], Step [{}/60], Loss: {:.4f}, Acc: {:.1f}%\n"
_LOGS = {
    "windows": "".join(f"step {i} loss {i / 7:.3f}\r\n" for i in range(90)) + "Traceback (most recent call last):\r\n"
    '  File "t.py", line 4, in <module>\r\n    main()\r\nValueError: bad\r\n',
    "steps": "".join(f"iter {i}: loss {4 / (i + 1):.4f}, time {i % 9}.25ms, top5 {i % 7}.0%\n" for i in range(400)),
    "restarts": "".join(f"step {i % 50} loss {i / 7:.3f} lr {i * 1e-5:.2e}\n" for i in range(220)),
    "epochs": "".join(_EPOCH.format(e, s, e + 1 / s, s / 7) for e in (1, 2, 3) for s in range(5, 61, 5)),
    "mixed": "".join(
        f"Epoch {e}\n" + "".join(f"step {s} loss {e / s:.3f}\n" for s in range(1, 9)) + f"val_loss {e / 3:.2f} f1 0.{e}\n"
        for e in range(1, 9)
    ),
    "ranks": "".join(
        f"[rank{r}]: 2026-05-02 10:00:{t % 60:02d},{7 * r:03d} step {t} | loss: {r + 1 / (t + 1):.4f} | lr {t}e-5\n"
        for t in range(90)
        for r in (0, 2, 1)
    ),
    "labels": "".join(f"{r}: step {t} loss {r + t / 7:.3f}\n" for t in range(200) for r in (1, 0, 2)),
    "stamps": "".join(f"2026-05-02 10:00:{t % 60:02d},{t:03d} step {t} loss {t / 7:.3f}\n" for t in range(99)),
    "forms": "".join(f"step {i:,} loss {i * 0.37:g} acc {i}/900 lr {'nan' if i % 5 else i}\n" for i in range(880, 1200)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_LOGS))
def test_many_lines_at_once_read_as_each_alone(read: Read, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    at_once = read(_LOGS[name])
    monkeypatch.setattr(_Log, "_template", lambda *_: None)
    alone = read(_LOGS[name])
    assert at_once.series
    assert repr(at_once) == repr(alone)


def test_a_row_between_tabs_may_end_before_its_last_columns(read: Read) -> None:
    record = read("step\tG_loss\tD_loss\tnear\n20\t0.64\t1.64\n40\t0.67\t1.37\n60\t0.71\t1.33\t0.5\n")
    found = {one.raw_name: (one.steps, one.values) for one in record.series}
    assert found["D_loss"] == ((20.0, 40.0, 60.0), (1.64, 1.37, 1.33))
    assert found["near"] == ((60.0,), (0.5,))


@pytest.mark.parametrize("line", ["{:5d}   loss 2.5   rate 0.012", "{:5d} | loss 2.5 | rate 0.012"])
def test_a_number_in_a_column_of_its_own_before_the_loss_is_the_step(read: Read, line: str) -> None:
    record = read("\n".join(line.format(i) for i in (5, 10, 15)) + "\n")
    rate = next(one for one in record.series if one.name == "lr")
    assert (rate.step_kind, rate.steps) == ("step", (5.0, 10.0, 15.0))


def test_a_nameless_duration_at_the_end_of_a_line_is_the_time_of_the_step(read: Read) -> None:
    record = read("step  1  loss 3.28  0.103 s\nstep  2  loss 3.23  6 ms\nstep  3  loss 3.13  elapsed 12.5 s\n")
    times = [one for one in record.series if one.name == "step_time" and one.raw_name == "time"]
    assert [one.values for one in times] == [(0.103, 0.006)]
