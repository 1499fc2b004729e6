"""`misrun batch`: runs are found, investigated, grouped; it goes on after a kill and one bad run is a row."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.batch.groups import groups_of
from misrun.batch.row import BatchRow
from misrun.batch.rows_file import append_row, read_rows
from misrun.batch.runs import find_runs
from misrun.batch.summary import to_markdown
from misrun.cli.app import app
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

OOM = "RuntimeError: CUDA out of memory. Tried to allocate {} GiB\n"


def files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n")


def found(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in find_runs(root)]


def test_a_run_is_the_highest_folder_that_holds_output(tmp_path: Path) -> None:
    files(
        tmp_path,
        "sweep/a/train.log", "sweep/a/checkpoint-10/trainer_state.json", "sweep/b/slurm-77.out", "sweep/b/code/train.py",
        "hf/trainer_state.json", "hf/checkpoint-5/trainer_state.json", "lightning/logs/version_0/metrics.csv",
        "nothing/readme.md", ".git/train.log", "deep/1/2/3/events.out.tfevents.17.host",
    )  # fmt: skip
    assert found(tmp_path) == ["deep/1/2/3", "hf", "lightning", "sweep/a", "sweep/b"]


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    files(tmp_path, "runs/a/train.log")
    (tmp_path / "runs" / "again").symlink_to(tmp_path / "runs")
    assert found(tmp_path / "runs") == ["a"]


def test_a_pattern_names_files_as_runs(tmp_path: Path) -> None:
    files(tmp_path, "a.log", "b.log", "notes.md")
    assert [path.name for path in find_runs(tmp_path, "*.log")] == ["a.log", "b.log"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for name in ("nan_1", "nan_2"):
        shutil.move(lay_out(load("r087"), root / "made"), root / name)
    for name, size in (("oom_1", 2), ("oom_2", 7)):
        (root / name).mkdir()
        (root / name / "train.log").write_text(OOM.format(size))
    (root / "broken").mkdir()
    (root / "broken" / "train.log").write_bytes(b"")
    (root / "made").rmdir()
    return root


def rows(out: Path) -> dict[str, dict[str, object]]:
    return {row["run"]: row for row in map(json.loads, (out / "results.jsonl").read_text().splitlines())}


def test_every_run_becomes_a_row_and_those_that_failed_alike_stand_together(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["batch", str(runs), "--out", str(out), "--jobs", "2", "--html"])
    assert done.exit_code == 0, done.output
    told = rows(out)
    assert {name: row["mode"] for name, row in told.items() if not row["error"]} == {
        "nan_1": "optimization/unstable_arithmetic", "nan_2": "optimization/unstable_arithmetic",
        "oom_1": "memory_hardware/device_oom", "oom_2": "memory_hardware/device_oom",
    }  # fmt: skip
    assert told["broken"]["error"]
    sizes = [(group.outcome, len(group.rows)) for group in groups_of(read_rows(out / "results.jsonl"))]
    assert sizes[-1] == ("not investigated", 1)
    assert sorted(sizes[:-1]) == [("memory_hardware/device_oom", 2), ("optimization/unstable_arithmetic", 2)]
    assert len(list((out / "reports").glob("*.html"))) == 4
    assert "nan_1" in (out / "summary.md").read_text()


def test_the_same_again_investigates_only_what_is_missing(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("nan_1", "nan_2", "oom_1", "broken"):
        append_row(out / "results.jsonl", BatchRow(run=name, id="00000000", mode="kept/as_it_is"))
    with (out / "results.jsonl").open("a") as stream:
        stream.write('{"run": "oom_2", "mo')  # cut off by a kill
        stream.write("\n")
    done = CliRunner().invoke(app, ["batch", str(runs), "--out", str(out), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    modes = {row.run: row.mode for row in read_rows(out / "results.jsonl")}
    assert modes == {**dict.fromkeys(("nan_1", "nan_2", "oom_1", "broken"), "kept/as_it_is"), "oom_2": "memory_hardware/device_oom"}  # fmt: skip


def test_a_folder_without_runs_says_how_to_name_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["batch", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "--match" in done.output


def test_names_of_runs_cannot_write_markup_into_the_summary() -> None:
    group = groups_of(
        [BatchRow(run="a", mode="optimization/oscillation", like="<img src=x> | x", headline="\x1b[31mred")]
    )
    written = to_markdown(group, "runs")
    assert "<img" not in written and "\x1b" not in written


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_ray_cluster_gives_the_same_rows(runs: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "out"
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    done = CliRunner().invoke(app, ["batch", str(runs), "--out", str(out), "--engine", "ray", "--jobs", "2"])
    assert done.exit_code == 0, done.output
    assert {row["mode"] for row in rows(out).values()} >= {
        "optimization/unstable_arithmetic",
        "memory_hardware/device_oom",
    }
