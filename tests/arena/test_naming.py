"""Naming and explaining a bug are scored apart from mending it."""

from misrun.scenarios.arena.catalogue import TASKS
from misrun.scenarios.arena.naming import Claim, Claimed, named

TASK = TASKS["task1"]
LINES = TASK.script(0).splitlines()
STEP = next(i for i, line in enumerate(LINES, 1) if ".step()" in line)
RATE = next(i for i, line in enumerate(LINES, 1) if "lr=" in line)
ORDER = Claim(mode="model_software/step_order", line=STEP)


def test_mode_and_place_name_a_bug() -> None:
    found = named(TASK, 0, Claimed(diagnosis=(ORDER, Claim(mode="optimization/learning_rate_too_high", line=RATE))))
    assert found.bugs == {"learning_rate": True, "step_order": True}
    assert found.diagnosis == 1.0


def test_the_right_mode_in_the_wrong_place_names_nothing() -> None:
    found = named(TASK, 0, Claimed(diagnosis=(Claim(mode="model_software/step_order", line=1),)))
    assert not any(found.bugs.values())
    assert found.diagnosis == 0.0


def test_naming_everything_everywhere_costs() -> None:
    spread = tuple(Claim(mode="model_software/step_order", line=line) for line in range(1, 20))
    assert 0 < named(TASK, 0, Claimed(diagnosis=(*spread, ORDER))).diagnosis < 0.3


def test_words_explain_without_a_diagnosis() -> None:
    words = "The optimizer steps before backward has filled the gradients; the learning rate of 10 is far too high."
    found = named(TASK, 0, Claimed(explanation=words))
    assert found.explanation == 1.0
    assert found.diagnosis == 0.0
    assert named(TASK, 0, Claimed(explanation="It does not train.")).explanation == 0.0
