"""The checks of JAX code."""

from misrun.tools.code.checks.check import Check
from misrun.tools.code.jax import (
    compiled_state,
    differentiation,
    dropped_results,
    environments,
    loop_bodies,
    objectives,
    optimizer_chain,
    optimizer_state,
    random_keys,
    replicas,
    tracing,
    variables,
)

_MODULES = (
    random_keys,
    tracing,
    compiled_state,
    dropped_results,
    optimizer_state,
    replicas,
    differentiation,
    variables,
    objectives,
    environments,
    loop_bodies,
    optimizer_chain,
)
JAX_CHECKS: tuple[Check, ...] = tuple(check for module in _MODULES for check in module.CHECKS)
