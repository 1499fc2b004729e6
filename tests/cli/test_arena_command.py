"""misrun arena: tasks, show, grade, solve."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.cli.app import app
from misrun.tools.sandbox.sandbox import unavailable

confined = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
RUNNER = CliRunner()


def test_tasks_as_json() -> None:
    rows = json.loads(RUNNER.invoke(app, ["arena", "tasks", "--json"]).stdout)
    assert [(row["id"], row["bugs"]) for row in rows] == [
        ("task1", 2),
        ("task2", 1),
        ("task3", 2),
        ("task4", 2),
        ("task5", 1),
        ("task6", 4),
    ]
    assert all(row["variants"] >= 5 for row in rows)


def test_show_prints_the_script_alone_on_standard_output() -> None:
    result = RUNNER.invoke(app, ["arena", "show", "task2", "--variant", "3"])
    compile(result.stdout, "train.py", "exec")
    assert "val_acc" in result.stdout
    assert "0.85" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["show", "task9"], "arena tasks"), (["grade", "task1", "no-such.py"], "mended script"), (["solve", "--variants", "a"], "--variants 0,1,2"),
     (["solve", "task7"], "arena tasks")],
)  # fmt: skip
def test_a_users_mistake_is_told_with_what_to_do(arguments: list[str], hint: str) -> None:
    result = RUNNER.invoke(app, ["arena", *arguments])
    assert result.exit_code == 2
    assert hint in result.stderr
    assert "Traceback" not in result.stderr


@confined
def test_grade_tells_what_is_still_there(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("print('loss 0.1')\n")
    told = RUNNER.invoke(app, ["arena", "grade", "task1", str(script)]).stdout
    assert told.startswith("reward 0.0")
    assert told.count("still there") == 2
    graded = json.loads(RUNNER.invoke(app, ["arena", "grade", "task1", str(script), "--json"]).stdout)
    assert graded["reward"] < 0.15


@confined
@pytest.mark.arena
def test_solve_plays_a_task_and_keeps_its_transcript(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["arena", "solve", "task2", "--variants", "6", "--out", str(tmp_path), "--json"])
    row = json.loads(result.stdout)[0]
    assert row["reward"] >= 0.85
    assert (row["named"], row["planted"]) == (1, 1)
    events = [
        json.loads(line)["event"]
        for line in (tmp_path / "transcripts" / f"{row['episode']}.jsonl").read_text().splitlines()
    ]
    assert events == ["reset"] + ["step"] * row["turns"]
    assert json.loads((tmp_path / "rows.jsonl").read_text()) == row
