"""The tutorial's commands do what it says, one after the other, in a fresh folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.slow
def test_every_command_of_the_tutorial_works(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MISRUN_HOME": str(tmp_path / "home"), "COLUMNS": "80"}
    told = {}
    for command in commands():
        if command.startswith("pip "):
            continue  # the tests run in an environment that has it
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, (command, done.stderr[-2000:])
        told[command] = done.stdout
    assert "Unstable arithmetic (optimization), likelihood" in (tmp_path / "report.txt").read_text()
    assert "train.py:32" in (tmp_path / "report.txt").read_text()
    assert "train.py:32" in next(out for command, out in told.items() if command.startswith("misrun inspect"))
    assert "<html" in (tmp_path / "report.html").read_text()
    assert any("cured" in out.lower() for command, out in told.items() if command.startswith("grep"))


def test_what_the_tutorial_lists_is_there() -> None:
    assert [command.split()[0] for command in commands()].count("misrun") >= 6
