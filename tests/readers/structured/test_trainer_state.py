import json
import math
from pathlib import Path

import pytest

from misrun.tools.readers.registry import read_run

from .record_views import Read, series, settings


@pytest.mark.parametrize(("version", "first_loss"), [("hf_v4", 4.8549), ("hf_v5", 4.703143119812012)])
def test_history_of_both_major_versions_is_read_by_step(data: Path, version: str, first_loss: float) -> None:
    run = read_run(data / version)
    loss = series(run, "loss")
    assert (loss.name, loss.phase, loss.step_kind) == ("loss", "train", "step")
    assert loss.steps == tuple(range(4, 33, 4))
    assert loss.values[0] == first_loss
    assert series(run, "eval_loss").phase == "eval"
    assert (run.ending.status, run.ending.last_step, run.ending.planned_steps) == ("finished", 32.0, 32.0)
    assert settings(run)["train_batch_size"] == 4


def test_each_point_cites_the_line_of_its_own_value(data: Path) -> None:
    run = read_run(data / "hf_v5")
    lines = (data / "hf_v5" / "trainer_state.json").read_text().split("\n")
    for raw_name in ("loss", "grad_norm", "eval_loss", "learning_rate"):
        found = series(run, raw_name)
        for value, line in zip(found.values, found.lines, strict=True):
            assert f'"{raw_name}": {json.dumps(value)}' in lines[line - 1]


def test_bare_nan_is_a_value(data: Path) -> None:
    run = read_run(data / "hf_nan" / "filter_off_trainer_state.json")
    loss = series(run, "loss")
    assert loss.first_nonfinite == 2
    assert math.isnan(loss.values[2])
    hidden = read_run(data / "hf_nan" / "filter_on_trainer_state.json")
    assert series(hidden, "loss").values[-1] == 0
    assert math.isnan(series(hidden, "grad_norm").values[-1])


def test_a_state_below_its_planned_steps_is_an_unfinished_run(read: Read, data: Path) -> None:
    state = json.loads((data / "hf_v5" / "trainer_state.json").read_text())
    state |= {"global_step": 16, "log_history": state["log_history"][:6], "stateful_callbacks": {}}
    run = read({"checkpoint-16/trainer_state.json": json.dumps(state, indent=2)})
    assert (run.ending.status, run.ending.last_step, run.ending.planned_steps) == ("unfinished", 16.0, 32.0)


def test_only_the_newest_of_several_checkpoints_is_read(read: Read, data: Path) -> None:
    content = (data / "hf_v5" / "trainer_state.json").read_text()
    run = read({f"out/checkpoint-{step}/trainer_state.json": content for step in (8, 16, 100)})
    assert {found.file for found in run.series} == {"out/checkpoint-100/trainer_state.json"}
    assert any("checkpoint-8/" in note and "checkpoint-100" in note for note in run.notes)


def test_a_truncated_state_keeps_the_history_before_the_cut(read: Read, data: Path) -> None:
    content = (data / "hf_v5" / "trainer_state.json").read_text()
    run = read({"trainer_state.json": content[: content.index('"step": 12')]})
    assert series(run, "loss").values[:2] == (4.703143119812012, 4.701992034912109)
    assert any("not complete JSON" in note for note in run.notes)


def test_result_files_give_one_point_each(read: Read) -> None:
    run = read({"all_results.json": '{\n  "epoch": 3.0,\n  "eval_loss": 1.25,\n  "train_loss": NaN\n}'})
    found = series(run, "eval_loss")
    assert (found.phase, found.step_kind, found.steps, found.values, found.lines) == (
        "eval",
        "epoch",
        (3.0,),
        (1.25,),
        (3,),
    )
    assert math.isnan(series(run, "train_loss").values[0])
    assert run.config == ()
