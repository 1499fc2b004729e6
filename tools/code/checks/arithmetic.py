"""Logarithms and roots of values that can be exactly 0."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_arithmetic import both_logs, safe_log, safe_root
from misrun.tools.code.gradients import is_objective
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors, is_constant, unwrap

_LOGS = ("log", "log2", "log10")
_STABLE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"
_ANOMALY = "https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection"


def find_unclamped_log(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        logs = [e for e in root if e.op in _LOGS and e.args and not e.grad_is_off()]
        for event in logs:
            reason, other = _can_be_zero(event.args[0]), None
            if not reason:
                other = _other_half(event, logs)
                reason = "a probability" if other is not None else ""
            if reason and _is_differentiated(event, root):
                yield Problem(
                    event.site,
                    f"log of {reason}, which reaches exactly 0 in floating point: the loss becomes inf, its gradient "
                    "NaN.",
                    "Use the fused form (log_softmax, logsigmoid, BCEWithLogits), or clamp to at least 1e-7 before "
                    "log.",
                    0.85,
                    "Run the failing step under torch.autograd.set_detect_anomaly(True).",
                    _safe_line(event, other, logs),
                )


def _safe_line(event: Event, other: Event | None, logs: list[Event]) -> tuple[Edit, ...]:
    """The repair of this logarithm and of those beside it in the line, which one finding stands for."""
    beside = [e for e in logs if e is not event and e.file is event.file and e.line == event.line]
    if other is not None and other not in beside:
        return both_logs(event, other)
    edits = [*safe_log(event), *(edit for e in beside if _can_be_zero(e.args[0]) or e is other for edit in safe_log(e))]
    nodes = {id(edit.node): edit for edit in edits}
    return tuple(nodes.values())


def _can_be_zero(value: Value) -> str:
    origin = unwrap(value)
    if origin.op in ("softmax", "sigmoid") and origin.kind == "tensor":
        return f"a {origin.op}"
    if origin.op == "sub" and is_constant(origin.inputs[0], 1, 1.0):
        inner = unwrap(origin.inputs[1])
        if inner.op in ("sigmoid", "softmax"):
            return f"1 - {inner.op}"
        if inner.op in ("clamp", "clip", "clamp_min") and _leaves_top_open(inner) and _is_probability(inner.inputs[0]):
            return "1 minus a probability that is clamped only from below"
    if (
        origin.op in ("clamp", "clip", "clamp_max")
        and _leaves_bottom_open(origin)
        and _is_probability(origin.inputs[0])
    ):
        return "a probability that is clamped only from above"
    return "a relu" if origin.op == "relu" else ""


def _is_probability(value: Value) -> bool:
    return unwrap(value).op in ("sigmoid", "softmax")


def _leaves_top_open(clamp: Value) -> bool:
    return "max" not in clamp.kwargs and (clamp.op == "clamp_min" or len(clamp.args) < 3)


def _leaves_bottom_open(clamp: Value) -> bool:
    return clamp.op == "clamp_max" or ("min" not in clamp.kwargs and len(clamp.args) < 2)


def _other_half(event: Event, logs: list[Event]) -> Event | None:
    """log(1 - p) of `t * log(p) + (1 - t) * log(1 - p)` written by hand: p is a probability whatever it is called."""
    value = event.args[0]
    if value.kind == "const" or value.op not in ("parameter", "module()", "call", "element", "name"):
        return None
    for other in logs:
        against = other.args[0]
        if against.op == "sub" and is_constant(against.inputs[0], 1, 1.0) and against.inputs[1] is value:
            return other
    return None


def _is_differentiated(event: Event, root: tuple[Event, ...]) -> bool:
    """Whether the result gets into a backward; in code without any backward of its own, that is taken for granted."""
    backwards = [e for e in root if e.op == "backward"]
    return not backwards or any(event.result is v for b in backwards for v in ancestors(b.args[0], 400))


def find_root_of_zero(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        trains = any(e.op == "backward" for e in root)
        for event in root:
            if event.op != "sqrt" or not event.args or event.grad_is_off() or not (trains or is_objective(root)):
                continue
            origin = unwrap(event.args[0])
            floor = is_constant(origin.argument(1, "min"), 0, 0.0) if origin.op in ("clamp", "clamp_min") else False
            if (floor or origin.op == "relu") and _is_differentiated(event, root):
                yield Problem(
                    event.site,
                    "The square root of a value cut off at 0: at 0 its gradient is infinite, and inf * 0 gives NaN.",
                    "Clamp to a small positive number, such as 1e-12.",
                    0.7,
                    "Run the failing step under torch.autograd.set_detect_anomaly(True).",
                    safe_root(event),
                )


CHECKS = (
    Check("unclamped-log", "A logarithm of a probability that can be exactly 0.",
          "float32 sigmoid and softmax round to 0 and 1 for logits beyond about 17 (1 - p) and 104 (p).",
          "Use log_softmax, logsigmoid or BCEWithLogits; or clamp.", "optimization/unstable_arithmetic",
          _STABLE, "warning", "silent_bug", find_unclamped_log),
    Check("unstable-root", "A square root of a value that can be exactly 0.",
          "The derivative of the root at 0 is infinite.",
          "Add or clamp to a small positive number under the root.", "optimization/unstable_arithmetic",
          _ANOMALY, "warning", "silent_bug", find_root_of_zero),
)  # fmt: skip
