"""The way of the gradient: from the function that is differentiated to the parameters that are changed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import GRADS, JaxProgram, Transform
from misrun.tools.code.names import names
from misrun.tools.code.values import Site

_COLLECTIVES = names("pmean psum psum_scatter all_gather")
_CHANGES = names("update apply_updates apply_gradients")
_LOSSES = names("mean sum square abs log_softmax logsumexp stop_gradient")


@dataclass(frozen=True, slots=True)
class GradientWay:
    """What happens in a differentiated function and then to its gradient, in order, each with its place."""

    transform: Transform
    steps: tuple[tuple[str, Site], ...]


def gradient_ways(program: JaxProgram) -> Iterator[GradientWay]:
    for transform in program.transforms:
        if transform.kind in GRADS:
            function, where = transform.function, transform.where
            inside = [(name, function.site(c)) for c in _in_order(function) if (name := _inside(c, function))]
            here = (transform.kind, where.site(transform.node))
            behind = [(name, where.site(c)) for c in _in_order(where) if (name := _behind(c, transform))]
            yield GradientWay(transform, tuple(dict.fromkeys([*inside, here, *behind])))


def _in_order(body: Body) -> list[ast.Call]:
    """Calls as they are evaluated: what is given before what it is given to."""
    return sorted(body.calls, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _inside(call: ast.Call, body: Body) -> str:
    """Runs of a model, losses of optax and what reduces them."""
    name = _name(call)
    known = name in ("apply", "apply_fn", "__call__") or name in _LOSSES or body.path(call.func).startswith("optax.")
    return name if known else ""


def _behind(call: ast.Call, transform: Transform) -> str:
    """Collectives and updates after the gradient is taken."""
    name = _name(call)
    later = call.lineno > int(getattr(transform.node, "lineno", 0))
    return name if later and (name in _COLLECTIVES or name in _CHANGES) else ""
