"""Changes carried out for real on a small project: gradient descent on a quadratic, in plain Python, logged like training."""

import sys
from pathlib import Path

import pytest

from misrun.tools.code.patches import diff_of
from misrun.tools.sandbox.sandbox import Bounds, unavailable
from misrun.tools.trial.trying import Laboratory

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))

# Minimises sum(k * x^2) for k = 1..4: the largest curvature is 8, so that a learning rate above 0.25 diverges.
PROJECT = """\
import argparse
import random

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.4)
parser.add_argument("--steps", type=int, default=120)
args = parser.parse_args()

random.seed(0)
x = [random.gauss(0, 1) for _ in range(4)]
with open("notes.txt", "w") as notes:
    notes.write("made by this run")
for step in range(1, args.steps + 1):
    loss = sum(k * v * v for k, v in enumerate(x, 1)) + 0.001 * random.random()
    x = [v - args.lr * 2 * k * v for k, v in enumerate(x, 1)]
    print(f"step {step}/{args.steps} loss {loss:.6f} lr {args.lr}")
print("training finished")
"""
QUICK = Bounds(seconds=30, memory_mib=512, processes=16)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "quadratic"
    folder.mkdir()
    (folder / "train.py").write_text(PROJECT)
    # The log of an earlier, hopeless run, which must not be taken for what the trial printed.
    (folder / "old.log").write_text("".join(f"step {i} loss nan\\n" for i in range(1, 50)))
    return folder


def laboratory(project: Path) -> Laboratory:
    return Laboratory(project, (sys.executable, "train.py"), QUICK)


def patch_of(old: str, new: str) -> str:
    assert old in PROJECT
    return diff_of(PROJECT, PROJECT.replace(old, new), "train.py")


def test_a_change_that_removes_the_failure_cures_and_the_project_stays_as_it_was(project: Path) -> None:
    before = {path.name: path.read_bytes() for path in project.iterdir()}
    trial = laboratory(project).try_change(patch_of("default=0.4", "default=0.05"))
    assert trial.outcome == "cured", trial
    assert trial.gone
    assert "last loss" in trial.numbers
    assert {path.name: path.read_bytes() for path in project.iterdir()} == before


def test_arguments_are_a_change_too(project: Path) -> None:
    assert laboratory(project).try_change(None, ("--lr", "0.05")).outcome == "cured"


def test_a_change_that_leaves_the_symptom_does_not_cure(project: Path) -> None:
    trial = laboratory(project).try_change(patch_of("default=0.4", "default=0.39"))
    assert trial.outcome == "not cured"
    assert trial.left


def test_a_change_that_crashes_is_harmful(project: Path) -> None:
    trial = laboratory(project).try_change(patch_of("random.seed(0)", "random.sed(0)"))
    assert trial.outcome == "harmful"
    assert "crash" in trial.new


def test_without_a_failure_to_begin_with_nothing_is_concluded(project: Path) -> None:
    (project / "train.py").write_text(PROJECT.replace("default=0.4", "default=0.05"))
    found = Laboratory(project, (sys.executable, "train.py"), QUICK).try_change(None, ("--lr", "0.04"))
    assert (found.outcome, found.reason) == (
        "inconclusive",
        "the failure did not show in the bounded run without the change",
    )


def test_a_changed_run_that_does_not_end_is_inconclusive(project: Path) -> None:
    lab = Laboratory(project, (sys.executable, "train.py"), Bounds(seconds=3, memory_mib=512, processes=16))
    trial = lab.try_change(patch_of('print("training finished")', "while True: pass"))
    assert trial.outcome == "inconclusive"
    assert "stopped" in trial.reason


def test_a_patch_for_other_files_is_told(project: Path) -> None:
    trial = laboratory(project).try_change(diff_of("a = 1\n", "a = 2\n", "model.py"))
    assert trial.outcome == "inconclusive"
    assert "does not apply" in trial.reason


def test_the_unchanged_run_is_made_once(project: Path) -> None:
    lab = laboratory(project)
    lab.try_change(None, ("--lr", "0.05"))
    first = lab.unchanged
    lab.try_change(None, ("--lr", "0.06"))
    assert lab.unchanged is first
