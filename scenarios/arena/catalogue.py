"""The six tasks, by id. Variants 0 to 4 are the arena's own; any other number draws further sizes, names and data."""

from misrun.scenarios.arena import (
    broken_loop,
    frozen_backbone,
    input_mismatch,
    memory_and_leak,
    nan_loss,
    wrong_loss,
)
from misrun.scenarios.arena.task import Task

TASKS: dict[str, Task] = {
    module.TASK.id: module.TASK
    for module in (broken_loop, nan_loss, memory_and_leak, wrong_loss, frozen_backbone, input_mismatch)
}
VARIANTS = 5


class UnknownTask(ValueError):
    """No task has this id."""


def task(task_id: str) -> Task:
    """The task with this id; UnknownTask when there is none."""
    if task_id not in TASKS:
        raise UnknownTask(f"no task {task_id!r}; there are {', '.join(TASKS)}")
    return TASKS[task_id]
