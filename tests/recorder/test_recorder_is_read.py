"""A recorded run as the readers of an investigation take it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import misrun
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord

pytestmark = pytest.mark.usefixtures("always")


def record(folder: Path, steps: int, fail_at: int = -1) -> None:
    """A linear model; at `fail_at` it is given input of the wrong width."""
    model = torch.nn.ModuleDict({"used": torch.nn.Linear(3, 1), "forgotten": torch.nn.Linear(3, 1)})
    optimizer = torch.optim.SGD(model["used"].parameters(), lr=0.05, momentum=0.9)
    with misrun.record(model, optimizer, folder / "record.jsonl", settings={"max_steps": 8}):
        for step in range(steps):
            width = 4 if step == fail_at else 3
            loss = model["used"](torch.ones(2, width)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def settings(run: RunRecord) -> dict[str, object]:
    return {value.name: value.value for value in run.config}


def test_metrics_arrive_under_the_names_of_the_readers(tmp_path: Path) -> None:
    record(tmp_path, 8)
    run = read_run(tmp_path)
    for name in ("loss", "grad_norm", "lr", "memory", "throughput", "update_ratio"):
        series = run.best(name)
        assert series is not None, name
        assert series.steps == tuple(range(1, 9))
    assert {series.raw_name for series in run.series} >= {"grad_norm/used", "nonfinite_gradient_count"}
    assert run.best("lr").values[0] == 0.05
    assert (settings(run)["optimizer"], settings(run)["momentum"], settings(run)["n_parameters"]) == ("SGD", 0.9, 8)
    assert {fact.name for fact in run.environment} >= {"torch", "python", "device"}
    assert (run.ending.status, run.ending.last_step, run.notes) == ("finished", 8, ())
    assert [series.rank for series in run.series] == [None] * len(run.series)


def test_parameters_without_an_optimizer_are_an_event_with_its_line(tmp_path: Path) -> None:
    record(tmp_path, 1)
    (event,) = read_run(tmp_path).events
    assert (event.name, event.kind) == ("no_optimizer", "notice")
    assert event.message.endswith("forgotten.weight, forgotten.bias (2 in all)")
    line = (tmp_path / "record.jsonl").read_text().splitlines()[event.span.first - 1]
    assert json.loads(line)["event"] == "membership"


def test_an_exception_is_an_event_with_its_frames(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        record(tmp_path, 8, fail_at=3)
    run = read_run(tmp_path)
    event = run.events[-1]
    assert (event.name, event.exception) == ("shape_mismatch", "RuntimeError")
    assert any(frame.file == __file__ for frame in event.frames)
    assert (run.ending.status, run.ending.last_step) == ("crashed", 3)


@pytest.mark.parametrize(("code", "status"), [(0, "finished"), (1, "unfinished")])
def test_a_program_that_exits_has_not_crashed(tmp_path: Path, code: int, status: str) -> None:
    model = torch.nn.Linear(2, 1)
    with pytest.raises(SystemExit), misrun.record(model, torch.optim.SGD(model.parameters()), tmp_path / "r.jsonl"):
        sys.exit(code)
    run = read_run(tmp_path)
    assert (run.ending.status, run.events) == (status, ())


def test_a_killed_run_keeps_its_steps(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys, torch, misrun
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with misrun.record(model, optimizer, {str(tmp_path / "record.jsonl")!r}):
    for _ in range(3):
        model(torch.full((1, 2), float("nan"))).sum().backward()
        optimizer.step()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == -signal.SIGKILL
    run = read_run(tmp_path)
    loss = run.best("loss")
    assert loss is not None
    assert loss.first_nonfinite == 0
    assert loss.steps[0] == 1
    assert run.ending.status == "unknown"


def test_a_damaged_record_is_read_as_far_as_it_is_good(tmp_path: Path) -> None:
    record(tmp_path, 3)
    path = tmp_path / "record.jsonl"
    whole = path.read_text().splitlines()
    path.write_text("\n".join([whole[0], "[1]", '{"loss": 1.0}', '{"event": "end"}', *whole[4:-1], whole[-1][:20]]))
    run = read_run(tmp_path)
    assert run.best("loss").steps == (1, 2, 3)
    assert [note.split(": ")[0] for note in run.notes] == ["record.jsonl:3", "record.jsonl:4", "record.jsonl:8"]


def test_the_files_of_several_ranks_tell_their_rank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        record(tmp_path, 2)
    assert {(series.file, series.rank) for series in read_run(tmp_path).named("loss")} == {
        ("record.jsonl", 0),
        ("record.rank1.jsonl", 1),
    }
