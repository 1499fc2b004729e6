import math
import sqlite3
from pathlib import Path

from misrun.tools.readers.registry import read_run

from .record_views import Read, series, settings, where

META = "artifact_uri: file:///x\nrun_id: {id}\nrun_name: {id}\nstart_time: {start}\nstatus: {status}\n"


def stored(id: str, start: int, status: int, loss: str) -> dict[str, str | bytes]:
    folder = f"mlruns/1/{id}"
    return {
        f"{folder}/meta.yaml": META.format(id=id, start=start, status=status),
        f"{folder}/metrics/train/loss": loss,
        f"{folder}/params/lr": "0.001",
        f"{folder}/tags/mlflow.user": "me",
    }


def test_one_run_of_the_file_store_is_read_when_it_is_pointed_at(data: Path) -> None:
    run = read_run(data / "mlruns" / "403442112238058119" / "3f96dff58d62439aa0e9f647d49eb3e2")
    assert series(run, "train_loss").steps == (0, 1, 2, 3)
    assert series(run, "train_loss").values == (2.0, 1.0, 0.6666666666666666, 0.5)
    assert series(run, "train_loss").lines == (1, 2, 3, 4)
    assert math.isnan(series(run, "val_loss").values[0])
    assert settings(run) == {"lr": 0.001, "batch_size": 8, "optimizer": "adamw"}
    assert where(run)["lr"] == "params/lr:1"
    assert run.ending.status == "finished"


def test_the_failed_run_of_a_store_is_chosen_and_the_other_named(data: Path) -> None:
    run = read_run(data / "mlruns")
    assert run.ending.status == "crashed"
    assert str(run.ending.spans[0]) == "403442112238058119/7f10317334fa49608fcb011b11c022d7/meta.yaml:12"
    assert any("r2 (FAILED) was read" in note and "r1 (FINISHED)" in note for note in run.notes)


def test_runs_of_one_store_are_kept_apart(read: Read) -> None:
    files = (
        stored("a", 100, 3, "1 9.0 0\n") | stored("b", 200, 4, "1 2.0 0\n2 nan 10\n") | stored("c", 300, 3, "1 7.0 0\n")
    )
    run = read(files)
    loss = series(run, "train/loss")
    assert (loss.file, loss.steps, loss.values[0]) == ("mlruns/1/b/metrics/train/loss", (0, 10), 2.0)
    assert settings(run) == {"lr": 0.001}


def test_without_a_failure_the_newest_run_is_chosen(read: Read) -> None:
    run = read(stored("a", 300, 3, "1 9.0 0\n") | stored("b", 200, 3, "1 2.0 0\n"))
    assert series(run, "train/loss").values == (9.0,)


def test_a_metric_line_that_is_cut_off_is_no_point(read: Read) -> None:
    run = read(stored("a", 1, 1, "1 9.0 0\n2 8.5 1\n3 7."))
    assert series(run, "train/loss").steps == (0, 1)
    assert run.ending.status == "unknown"


def test_database_restores_nan_and_infinity(data: Path) -> None:
    run = read_run(data / "mlflow.db")
    assert series(run, "train_loss").values == (2.0, 1.0, 0.6666666666666666)
    assert math.isnan(series(run, "val_loss").values[0])
    assert series(run, "inf").values == (math.inf,)
    assert settings(run) == {"lr": 0.001}
    assert run.ending.status == "finished"


def make_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, lifecycle_stage TEXT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);"
            "INSERT INTO runs VALUES ('a', 'old', 'FAILED', 1, 'active'), ('b', 'new', 'FINISHED', 2, 'active'),"
            "('c', 'gone', 'FAILED', 3, 'deleted');"
            "INSERT INTO metrics VALUES ('loss', 1.0, 1, 'b', 0, 0), ('loss', 5.0, 1, 'a', 0, 0);"
        )
    database.close()


def test_the_failed_run_of_a_database_is_chosen_and_the_file_left_as_it_was(tmp_path: Path) -> None:
    make_database(tmp_path / "mlflow.db")
    before = (tmp_path / "mlflow.db").read_bytes()
    run = read_run(tmp_path)
    assert series(run, "loss").values == (5.0,)
    assert run.ending.status == "crashed"
    assert any("old (FAILED) was read" in note and "new (FINISHED)" in note for note in run.notes)
    assert (tmp_path / "mlflow.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_another_database_is_noted(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("CREATE TABLE trials (id INTEGER)")
    database.close()
    run = read_run(tmp_path)
    assert any("not MLflow" in note for note in run.notes)
