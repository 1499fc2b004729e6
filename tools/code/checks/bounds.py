"""Bounds that the type of the numbers rounds away."""

from collections.abc import Iterator

import numpy as np

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors, is_constant, number, unwrap

_CLAMPS = ("clamp", "clip", "clamp_max")
_LOGS = ("log", "log2", "log10")
_WIDE = ("double", "float64")
_FINFO = "https://docs.pytorch.org/docs/stable/type_info.html#torch.finfo"


def find_bound_rounded_away(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        logs = [e for e in root if e.op in _LOGS and e.args]
        for event in root:
            bound = _upper(event) if event.op in _CLAMPS and event.args else None
            if bound is None or not any(_of_the_rest(e.args[0], event.result) for e in logs):
                continue
            yield Problem(
                event.site,
                f"The upper bound {number(bound):.12g} is 1 in float32, so 1 minus the clamped probability can still "
                "be 0 and its log -inf.",
                "Use a distance from 1 that float32 can tell, 1e-7 or more; or the loss on logits.",
                0.9,
                "torch.tensor(bound, dtype=torch.float32) == 1 is true.",
                _wider(bound),
            )


def _upper(event: Event) -> Value | None:
    """A known upper bound below 1 that float32 rounds to 1, on a number that is not known to be wider."""
    bound = event.kwargs.get("max") or (event.args[1] if event.op == "clamp_max" and len(event.args) > 1 else None)
    bound = bound or (event.args[2] if len(event.args) > 2 else None)
    value = number(bound)
    if value is None or value >= 1 or np.float32(value) != 1:
        return None
    return None if any(v.op in _WIDE or v.name in _WIDE for v in ancestors(event.args[0], 30)) else bound


def _of_the_rest(value: Value, clamped: Value) -> bool:
    """Whether it is `1 - clamped`."""
    origin = unwrap(value)
    return origin.op == "sub" and is_constant(origin.inputs[0], 1, 1.0) and unwrap(origin.inputs[1]) is unwrap(clamped)


def _wider(bound: Value) -> tuple[Edit, ...]:
    site = bound.site
    return (Edit("replace", site.file, site.node, "1 - 1e-7"),) if site is not None else ()


CHECKS = (
    Check("bound-rounded-away", "A bound below 1 that float32 cannot tell from 1.",
          "Near 1 neighbouring float32 numbers are 6e-8 apart: 1 - 1e-8 is 1.",
          "Keep probabilities 1e-7 or more away from 1.", "optimization/unstable_arithmetic",
          _FINFO, "warning", "silent_bug", find_bound_rounded_away),
)  # fmt: skip
