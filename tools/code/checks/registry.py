"""All checks, by id."""

from misrun.tools.code.checks import (
    accumulation,
    activations,
    arithmetic,
    bookkeeping,
    checkpoints,
    clipping,
    graph,
    layout,
    loading,
    modes,
    parameters,
    schedules,
    settings,
    splits,
    targets,
    training_step,
    vocabulary,
)
from misrun.tools.code.checks.check import Check

_MODULES = (
    training_step,
    accumulation,
    clipping,
    activations,
    arithmetic,
    graph,
    modes,
    parameters,
    schedules,
    settings,
    checkpoints,
    bookkeeping,
    splits,
    loading,
    targets,
    layout,
    vocabulary,
)
CHECKS: dict[str, Check] = {check.id: check for module in _MODULES for check in module.CHECKS}
