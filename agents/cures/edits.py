"""Steps that change settings, with the diff or the arguments that do it in the user's files."""

from collections.abc import Sequence
from pathlib import Path

from misrun.agents.step import NextStep
from misrun.tools.code.setting_change import applied
from misrun.tools.readers.run_record import RunRecord


def with_edits(steps: Sequence[NextStep], root: Path, run: RunRecord) -> tuple[NextStep, ...]:
    """The steps, each that changes settings with its patch and its arguments where those can be told."""
    return tuple(_with_edit(step, root, run) for step in steps)


def _with_edit(step: NextStep, root: Path, run: RunRecord) -> NextStep:
    done = applied(root, run, step.changes) if step.changes and step.patch is None else None
    if done is None:
        return step
    return step.model_copy(update={"patch": done.patch, "arguments": done.arguments})
