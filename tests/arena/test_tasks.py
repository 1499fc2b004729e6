"""The scripts of the arena: whole, different from each other, and without a hint."""

import ast
import re

import pytest
from mended import mended

from misrun.scenarios.arena.catalogue import TASKS, VARIANTS, UnknownTask, task

EVERY = [(task_id, variant) for task_id in TASKS for variant in range(VARIANTS)]
FRESH = [(task_id, variant) for task_id in TASKS for variant in (5, 17, 123456)]
TELLTALE = re.compile(
    r"(?<![a-z])(bugs?|buggy|faults?|broken|wrong|mistakes?|incorrect|fixme|todo|hack|misrun|scenario|arena|grader|planted|"
    r"should be|must be|leak|leaky|too high|too large|nan)(?![a-z])",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("task_id", "variant"), EVERY + FRESH)
def test_a_script_parses_says_nothing_and_holds_every_planted_line(task_id: str, variant: int) -> None:
    script = TASKS[task_id].script(variant)
    ast.parse(script)
    assert "$" not in script
    assert not TELLTALE.search(script)
    assert "#" not in script
    for bug in TASKS[task_id].bugs:
        assert any(re.search(bug.line, line) for line in script.splitlines()), bug.id


@pytest.mark.parametrize("task_id", TASKS)
def test_variants_differ_and_come_out_the_same_each_time(task_id: str) -> None:
    scripts = [TASKS[task_id].script(variant) for variant in range(VARIANTS)]
    assert len(set(scripts)) == VARIANTS
    assert scripts == [TASKS[task_id].script(variant) for variant in range(VARIANTS)]


@pytest.mark.parametrize("task_id", TASKS)
def test_the_description_tells_the_files_but_no_bug(task_id: str) -> None:
    told = TASKS[task_id].description
    assert all(name in told for name in TASKS[task_id].writes if name != "lenient.json")
    assert not re.search(r"one-hot|graph|before backward|argmax|CrossEntropy|frozen|permute|log\(|learning rate", told)


@pytest.mark.parametrize(("task_id", "variant"), EVERY)
def test_every_bug_can_be_mended_alone(task_id: str, variant: int) -> None:
    for bug in TASKS[task_id].bugs:
        ast.parse(mended(task_id, variant, bug.id))


def test_an_unknown_task_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownTask, match="task1, task2"):
        task("task9")
