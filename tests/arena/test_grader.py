"""Mended scripts get what the rubric promises, run in the sandbox."""

import pytest
from mended import mended

from misrun.scenarios.arena.catalogue import TASKS, VARIANTS
from misrun.scenarios.arena.grader import grade
from misrun.tools.sandbox.sandbox import unavailable

pytestmark = [pytest.mark.arena, pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))]
EVERY = [(task, variant) for task in TASKS for variant in range(VARIANTS)]
# The rubric's band for one bug mended out of several, per task and bug.
ONE = {
    "learning_rate": (0.40, 0.70), "step_order": (0.40, 0.70), "graph_kept": (0.40, 0.65), "leak": (0.40, 0.65),
    "loss": (0.50, 0.75), "evaluation": (0.10, 0.30), "size": (0.20, 0.35), "layout": (0.20, 0.35),
    "labels": (0.20, 0.35), "batch": (0.20, 0.35),
}  # fmt: skip
NONE = {"task1": 0.25, "task2": 0.25, "task3": 0.25, "task4": 0.30, "task5": 0.25, "task6": 0.15}


@pytest.mark.parametrize(("task", "variant"), EVERY)
def test_all_bugs_mended(task: str, variant: int) -> None:
    found = grade(TASKS[task], variant, mended(task, variant))
    assert all(found.fixed.values()), found
    assert found.reward >= 0.9, found


@pytest.mark.parametrize(("task", "variant"), EVERY)
def test_no_bug_mended(task: str, variant: int) -> None:
    found = grade(TASKS[task], variant, TASKS[task].script(variant))
    assert not any(found.fixed.values()), found
    assert found.reward <= NONE[task], found


@pytest.mark.parametrize(("task", "bug"), [(t.id, b.id) for t in TASKS.values() if len(t.bugs) > 1 for b in t.bugs])
def test_one_bug_mended(task: str, bug: str) -> None:
    for variant in (0, 1):
        found = grade(TASKS[task], variant, mended(task, variant, bug))
        assert [name for name, gone in found.fixed.items() if gone] == [bug], found
        assert ONE[bug][0] <= found.reward <= ONE[bug][1], found


def test_both_ways_to_mend_the_frozen_backbone_count() -> None:
    script = TASKS["task5"].script(1)
    unfrozen = script.replace("net.backbone.requires_grad_(False)\n", "")
    assert unfrozen != script
    assert grade(TASKS["task5"], 1, unfrozen).reward >= 0.85
