import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misrun.tools.readers.registry import read_run

from .record_views import Read, series, settings


@pytest.mark.parametrize("version", ["lightning_2.1", "lightning_2.6"])
def test_sparse_lightning_rows_are_merged_by_step_in_either_header_order(data: Path, version: str) -> None:
    run = read_run(data / version)
    train, val, lr = series(run, "train_loss"), series(run, "val_loss"), series(run, "lr")
    assert train.steps == (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23)
    assert (val.steps, val.phase) == ((7, 15, 23), "eval")
    assert val.values == (0.7534388303756714, 0.7088750600814819, 0.6871819496154785)
    assert val.lines == (6, 12, 18)
    assert lr.lines == (7, 13, 19)
    assert settings(run) == {"hidden": 8, "lr": 0.1, "optimizer": "sgd"}


def test_keras_rows_count_epochs(data: Path) -> None:
    run = read_run(data / "keras3" / "keras_log.csv")
    assert series(run, "val_loss").step_kind == "epoch"
    assert series(run, "val_loss").values == (0.7459851503372192, 0.7478310465812683)
    assert series(run, "accuracy").phase == "train"


def test_fastai_measures_its_metrics_in_validation(data: Path) -> None:
    run = read_run(data / "fastai_history.csv")
    assert series(run, "accuracy").phase == "eval"
    assert series(run, "train_loss").steps == (0, 1, 2)
    assert "time" not in {found.raw_name for found in run.series}


def test_stable_baselines_progress_counts_environment_steps(data: Path) -> None:
    run = read_run(data / "sb3" / "progress.csv")
    reward, kl = series(run, "rollout/ep_rew_mean"), series(run, "train/approx_kl")
    assert (reward.name, reward.steps) == ("reward", (256, 512, 768, 1024))
    assert (kl.name, kl.steps) == ("kl", (512, 768, 1024))
    assert "time/time_elapsed" not in {found.raw_name for found in run.series}


def test_monitor_file_has_a_json_line_and_episodes(data: Path) -> None:
    run = read_run(data / "sb3" / "mon.monitor.csv")
    reward = series(run, "episode_reward")
    assert reward.values[:3] == (25.0, 55.0, 14.0)
    assert reward.steps[:3] == (25.0, 80.0, 94.0)
    assert reward.lines[:3] == (3, 4, 5)
    assert settings(run)["env_id"] == "CartPole-v1"


def test_ultralytics_results_are_read_with_padded_headers_too(read: Read, data: Path) -> None:
    run = read_run(data / "ultralytics")
    assert series(run, "val/box_loss").values == (2.82515, 2.82515)
    assert series(run, "lr/pg0").name == "lr"
    assert series(run, "metrics/mAP50(B)").phase == "eval"
    padded = read(
        {"results.csv": "                  epoch,      train/box_loss,    val/box_loss\n        0,   1.5,  nan\n"}
    )
    assert series(padded, "train/box_loss").values == (1.5,)
    assert math.isnan(series(padded, "val/box_loss").values[0])


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("nan", math.nan), ("NaN", math.nan), ("-nan(ind)", math.nan), ("1.#QNAN", math.nan), ("-inf", -math.inf),
     ("Infinity", math.inf), ("-1.#INF", -math.inf), ("tensor(0.5000, device='cuda:0')", 0.5), ("1e-4", 1e-4)],
)  # fmt: skip
def test_every_spelling_of_a_number_is_read(read: Read, spelling: str, expected: float) -> None:
    run = read({"log.csv": f'step,loss\n1,"{spelling}"\n'})
    assert series(run, "loss").values == pytest.approx((expected,), nan_ok=True)


def test_empty_and_textual_cells_are_not_points(read: Read) -> None:
    run = read({"log.csv": "step,train_loss,note\n1,,a\n2,0.5,b\n3,None,c\n"})
    assert series(run, "train_loss").steps == (2,)
    assert len(run.series) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_file(read: Read, delimiter: str) -> None:
    rows = [["epoch", "loss", "acc"], ["1", "0.5", "0.1"], ["2", "0.25", "0.2"]]
    run = read({"table.csv": "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"})
    assert series(run, "loss").values == (0.5, 0.25)


def test_decimal_commas_of_semicolon_files_are_read(read: Read) -> None:
    assert series(read({"t.csv": "epoch;loss\n1;0,5\n2;1,25e-1\n"}), "loss").values == (0.5, 0.125)


def test_pandas_index_column_is_not_a_metric(read: Read) -> None:
    run = read({"history.csv": ",epoch,train loss,val loss\n0,0,1.0,2.0\n1,1,0.5,1.5\n"})
    assert {(found.raw_name, found.phase) for found in run.series} == {("train loss", "train"), ("val loss", "eval")}


def test_wandb_chart_export_keeps_the_value_and_drops_its_extremes(read: Read) -> None:
    header = '"Step","run-1 - train/loss","run-1 - train/loss__MIN","run-1 - train/loss__MAX"'
    run = read({"export.csv": header + '\n"0","1.5","1.4","1.6"\n"10","0.5","0.4","0.6"\n'})
    (found,) = run.series
    assert (found.name, found.phase, found.steps, found.values) == ("loss", "train", (0, 10), (1.5, 0.5))


def test_tensorboard_download_takes_its_tag_from_the_file_name(read: Read) -> None:
    run = read({"run-fit-tag-train_loss.csv": "Wall time,Step,Value\n1.5,0,2.5\n2.5,10,1.5\n"})
    (found,) = run.series
    assert (found.name, found.steps, found.values) == ("loss", (0, 10), (2.5, 1.5))


def test_a_row_cut_inside_a_number_does_not_become_a_number(read: Read) -> None:
    run = read({"m.csv": "step,loss,lr\n1,0.75,0.1\n2,0.71,0.1\n3,0.6"})
    assert series(run, "loss").steps == (1, 2)
    assert any("m.csv:4" in note and "cut off" in note for note in run.notes)


def test_a_last_row_without_newline_counts_when_it_is_complete(read: Read) -> None:
    assert series(read({"m.csv": "step,loss\n1,0.75\n2,0.5"}), "loss").steps == (1, 2)


def test_a_header_repeated_by_a_restarted_run_is_passed_over(read: Read) -> None:
    assert series(read({"m.csv": "step,loss\n1,0.75\nstep,loss\n2,0.5\n"}), "loss").values == (0.75, 0.5)


@pytest.mark.parametrize(
    "content",
    ["id,text,label\n1,\"a, b\",0\n2,c,1\n", "price,sqft,time\n1,2,3\n4,5,6\n", "5.1,3.5,1.4,0\n4.9,3.0,1.4,0\n",
     "image,class,weight_loss\na.png,2,0.1\nb.png,3,0.2\n"],
)  # fmt: skip
def test_a_data_set_does_not_become_series(read: Read, content: str) -> None:
    run = read({"train.csv": content})
    assert run.series == ()
    assert [skipped.file for skipped in run.skipped] == ["train.csv"]


def test_a_log_that_begins_with_a_table_stays_a_log(read: Read) -> None:
    table = "epoch,loss,acc\n" + "".join(f"{i},0.5,0.1\n" for i in range(30))
    crash = 'Traceback (most recent call last):\n  File "train.py", line 9, in <module>\nValueError: odd batch\n'
    run = read({"log.txt": table + crash, "clean.txt": table})
    assert {file.path: file.reader for file in run.files} == {"log.txt": "text log", "clean.txt": "metrics CSV"}
    assert [event.exception for event in run.events] == ["ValueError"]


def test_a_single_column_of_losses_is_numbered_by_its_order(read: Read) -> None:
    loss = series(read({"losses.csv": "train_loss\n2.5\n1.5\nnan\n"}), "train_loss")
    assert (loss.step_kind, loss.steps, loss.lines) == ("index", (0, 1, 2), (2, 3, 4))


def test_thousands_of_columns_are_bounded_and_known_metrics_kept(read: Read) -> None:
    names = [f"feature{i}" for i in range(3000)] + ["train_loss"]
    run = read({"wide.csv": "step," + ",".join(names) + "\n1," + ",".join("1.5" for _ in names) + "\n"})
    assert len(run.series) == 1000
    assert series(run, "train_loss").values == (1.5,)
    assert any("1000" in note for note in run.notes)


def test_a_long_series_is_thinned_but_keeps_its_nan_and_its_peak(read: Read) -> None:
    rows = [f"{i},1.0" for i in range(450_000)]
    rows[123_456], rows[300_001] = "123456,nan", "300001,99.5"
    loss = series(read({"m.csv": "step,loss\n" + "\n".join(rows) + "\n"}), "loss")
    assert len(loss.values) < 450_000
    assert max(value for value in loss.values if value == value) == 99.5
    assert loss.steps[loss.first_nonfinite or 0] == 123456


def test_utf16_and_byte_order_marks_are_understood(read: Read) -> None:
    run = read({"a.csv": "step,loss\n1,0.5\n".encode("utf-16"), "b.csv": b"\xef\xbb\xbfstep,val_loss\n1,0.25\n"})
    assert series(run, "loss").values == (0.5,)
    assert series(run, "val_loss").steps == (1,)


def test_an_iteration_that_restarts_every_epoch_goes_on_growing(read: Read) -> None:
    run = read({"m.csv": "epoch,iter,loss\n1,50,3\n1,100,2\n2,50,1.5\n2,100,1\n"})
    assert series(run, "loss").steps == (50, 100, 150, 200)


def test_batches_counted_from_zero_in_every_epoch_follow_each_other(read: Read) -> None:
    run = read({"m.csv": "epoch,batch,loss\n0,0,3\n0,1,2\n1,0,1.5\n1,1,1\n0,0,9\n"})
    assert series(run, "loss").steps == (0, 1, 2, 3, 0)


def test_deepspeed_monitor_files(read: Read) -> None:
    run = read({"Train_Samples_train_loss.csv": "step,Train/Samples/train_loss\n32,2.5\n64,1.5\n"})
    (found,) = run.series
    assert (found.name, found.steps) == ("loss", (32, 64))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_any_float_that_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    file = tmp_path_factory.mktemp("csv") / "m.csv"
    file.write_text("step,loss\n" + "".join(f"{i},{value!r}\n" for i, value in enumerate(values)))
    found = series(read_run(file), "loss")
    assert found.values == pytest.approx(values, nan_ok=True, rel=0, abs=0)
