"""All checks, by id."""

from misrun.tools.code.checks import activations, clipping, graph, modes, schedules, settings, training_step
from misrun.tools.code.checks.check import Check

_MODULES = (training_step, clipping, activations, graph, modes, schedules, settings)
CHECKS: dict[str, Check] = {check.id: check for module in _MODULES for check in module.CHECKS}
