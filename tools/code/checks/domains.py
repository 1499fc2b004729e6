"""Operations at the edge of what they are defined for: roots, arcs, exponentials, quotients, means of nothing."""

import ast
import re
from collections.abc import Callable, Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_arithmetic import (
    fused_exponential,
    inside_domain,
    mean_or_zero,
    rooted,
    with_epsilon,
)
from misrun.tools.code.checks.repair_syntax import function_of
from misrun.tools.code.gradients import differentiated
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, ancestors, is_constant, number, unwrap
from misrun.tools.code.walking import unparsed, walk

_ANOMALY = "https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection"
_LOGSUMEXP = "https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html"
_GRADIENTS = "https://docs.pytorch.org/docs/stable/notes/autograd.html#gradients-for-non-differentiable-functions"
_DETECT = "Run the failing step under torch.autograd.set_detect_anomaly(True)."
_FIRST_LOOK = 60  # how many values below a logit are looked at for a normalisation that bounds it


def _scan(
    trace: Trace, test: Callable[[Value], str], repair: Callable[[Value], tuple[Edit, ...]], expected: str
) -> Iterator[Problem]:
    """A problem for every value gradients flow through that the test has a message for."""
    for _, values in differentiated(trace):
        for value in values:
            message = test(value) if value.site is not None else ""
            if message and value.site is not None:
                yield Problem(value.site, message, expected, 0.6, _DETECT, repair(value))


def _root_argument(value: Value) -> Value | None:
    """What a square root is taken of: `sqrt(x)`, `x ** 0.5`, `x.pow(0.5)`."""
    if value.op == "sqrt" and value.inputs:
        return unwrap(value.inputs[0])
    power = number(value.inputs[1]) if value.op == "pow" and len(value.inputs) > 1 else None
    return unwrap(value.inputs[0]) if power is not None and 0 < power < 1 else None


def _squared(value: Value) -> Value | None:
    """x of `x ** 2`, `x.pow(2)`, `x.square()` and `x * x`."""
    value = unwrap(value)
    if value.op == "square" and value.inputs:
        return unwrap(value.inputs[0])
    if len(value.inputs) < 2:
        return None
    one, other = value.inputs[:2]
    is_square = (value.op == "pow" and number(other) == 2) or (value.op == "mul" and one is other)
    return unwrap(one) if is_square else None


def _root_message(value: Value) -> str:
    under = _root_argument(value)
    if under is None:
        return ""
    squared = _squared(under.inputs[0]) if under.op == "sum" and under.inputs else None
    if squared is not None and squared.op == "sub" and not any(v.kind == "const" for v in squared.inputs):
        return (
            "The square root of a sum of squared differences: where both sides are equal, it is 0 and its gradient "
            "infinite; inf * 0 makes all gradients NaN."
        )
    if _is_variance(under):
        return (
            "A variance written as mean of squares minus square of the mean: rounding can make it negative, and its "
            "root NaN."
        )
    return ""


def _is_variance(value: Value) -> bool:
    if value.op != "sub" or len(value.inputs) < 2:
        return False
    left, right = unwrap(value.inputs[0]), _squared(value.inputs[1])
    return (
        left.op == "mean"
        and bool(left.inputs)
        and _squared(left.inputs[0]) is not None
        and right is not None
        and (right.op == "mean")
    )


def find_root_of_difference(trace: Trace) -> Iterator[Problem]:
    yield from _scan(
        trace, _root_message, rooted, "Add or clamp to a small positive number under the root, such as 1e-12."
    )


def _is_cosine(value: Value) -> bool:
    """A tanh, a cosine similarity, or a product of normalised vectors: rounding takes it to 1 and beyond."""
    value = unwrap(value)
    if value.op in ("tanh", "cosine_similarity"):
        return True
    return value.op in ("linear", "matmul", "mm", "bmm", "sum", "mul") and any(
        unwrap(v).op == "normalize" or (v.op == "mul" and any(unwrap(w).op == "normalize" for w in v.inputs))
        for v in value.inputs
    )


def _edge_message(value: Value) -> str:
    if value.op in ("call", "acos", "arccos", "asin", "arcsin", "atanh", "acosh") and value.inputs:
        name = (value.path or value.name).rpartition(".")[2]
        if name in ("acos", "arccos", "asin", "arcsin", "atanh") and _is_cosine(value.inputs[-1]):
            return f"{name} of a value that reaches 1: the gradient is infinite there, and beyond 1 the result is NaN."
    inner = _root_argument(value)
    if value.op == "log" and value.inputs:
        inner = unwrap(value.inputs[0])
    if inner is not None and inner.op == "sub" and is_constant(inner.inputs[0], 1, 1.0):
        squared = _squared(inner.inputs[1])
        if squared is not None and _is_cosine(squared):
            what = "log" if value.op == "log" else "The root"
            return f"{what} of 1 - x**2 for an x that rounds to 1: inf or NaN, in the value or in the gradient."
    return ""


def find_edge_of_domain(trace: Trace) -> Iterator[Problem]:
    expected = "Clamp the argument inside its domain, or add a small number."
    yield from _scan(trace, _edge_message, inside_domain, expected)


def _is_bounded(logits: Value) -> bool:
    """Shifted by a maximum, clamped, negative, or made of normalised vectors."""
    top = unwrap(logits)
    if top.op in ("neg", "clamp", "clip", "tanh", "sigmoid", "log_softmax", "logsigmoid", "log", "minimum") or (
        top.op == "mul" and any((number(v) or 0) < 0 for v in top.inputs)
    ):
        return True
    below = list(ancestors(top, _FIRST_LOOK))
    return any(v.op in ("normalize", "norm", "cosine_similarity", "amax", "max", "logsumexp") for v in below)


def _exponent(value: Value) -> Value | None:
    value = unwrap(value)
    return value.inputs[0] if value.op == "exp" and value.inputs else None


def _summed_exponent(value: Value) -> Value | None:
    value = unwrap(value)
    return _exponent(value.inputs[0]) if value.op == "sum" and value.inputs else None


def _exponential_message(value: Value) -> str:
    if value.op == "div" and len(value.inputs) > 1:
        above, below = _exponent(value.inputs[0]), _summed_exponent(value.inputs[1])
        if above is not None and below is above and not _is_bounded(above):
            return "A softmax written by hand without subtracting the maximum: exp overflows and inf / inf gives NaN."
    if value.op == "log" and value.inputs:
        inner = unwrap(value.inputs[0])
        summed = _summed_exponent(inner)
        if summed is None and inner.op == "add" and any(is_constant(v, 1, 1.0) for v in inner.inputs):
            summed = next((e for v in inner.inputs if (e := _exponent(v)) is not None), None)
        if summed is not None and summed.kind != "const" and not _is_bounded(summed):
            return "log of a sum of exponentials: exp overflows to inf for inputs above 88 (float32), 11 (float16)."
    return ""


def find_exponential(trace: Trace) -> Iterator[Problem]:
    expected = "torch.softmax, torch.logsumexp or F.softplus, which shift by the maximum first."
    yield from _scan(trace, _exponential_message, fused_exponential, expected)


def find_division_by_spread(trace: Trace) -> Iterator[Problem]:
    """`(r - r.mean()) / r.std()` of a batch in the training step, with nothing added to the standard deviation."""
    for training in training_loops(trace):
        made = {id(e.result) for e in training.events}
        for event in training.events:
            if event.op == "div" and _is_standardisation(event) and _is_of_batch(unwrap(event.args[1]), made):
                yield _spread_problem(event)
    yield from _returns_by_spread(trace)


def _spread_problem(event: Event) -> Problem:
    return Problem(
        event.site,
        "Divided by a standard deviation with nothing added: for a batch of equal values (or a single one) this is "
        "0 / 0, and NaN spreads to every weight.",
        "Add a small number to the divisor, such as 1e-8.",
        0.6,
        "Print the smallest standard deviation of a hundred batches.",
        with_epsilon(event),
    )


# What reinforcement learning standardises per batch; a batch of equal rewards is common there.
_RETURNS = re.compile(r"reward|return|advantage|(?:^|_)adv(?:s|$|_)|(?:^|_)gae")


def _returns_by_spread(trace: Trace) -> Iterator[Problem]:
    """`returns = (returns - returns.mean()) / returns.std()` in any function, called or not."""
    for event in trace.events("div"):
        left = event.node.left if isinstance(event.node, ast.BinOp) else None
        inner = left.left if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Sub) else None
        named = inner is not None and _RETURNS.search(unparsed(inner).lower())
        if named and _is_standardisation(event) and not event.grad_is_off():
            yield _spread_problem(event)


def _is_standardisation(event: Event) -> bool:
    above, below = (unwrap(v) for v in event.args[:2])
    if below.op != "std" or above.op != "sub" or len(above.inputs) < 2 or not below.inputs:
        return False
    mean = unwrap(above.inputs[1])
    return mean.op == "mean" and bool(mean.inputs) and unwrap(mean.inputs[0]) is unwrap(above.inputs[0])


def _is_of_batch(spread: Value, made: set[int]) -> bool:
    """Computed in the loop, from what the loop draws or computes: the spread of a whole table is not 0 by chance."""
    below = ancestors(spread.inputs[0], _FIRST_LOOK)
    return id(spread) in made and any(id(v) in made or v.op in ("batch", "element") for v in below)


def _is_threshold(mask: Value) -> bool:
    """A comparison with a threshold that nothing needs to pass: `confidence > 0.95`, `score.ge(threshold)`."""
    mask = unwrap(mask)
    if mask.op not in ("compare", "gt", "ge", "lt", "le") or len(mask.inputs) != 2:
        return False
    bound = mask.inputs[1]
    return "thres" in bound.name.lower() or bound.name.lower() == "tau" or 0 < (number(bound) or 0) < 1


def _is_guarded(value: Value) -> bool:
    """A condition before it, or around it, asks how many there are: `x.numel() > 0`, `if not mask.any(): return`."""
    site = value.site
    if site is None:
        return False
    scope = function_of(site.file, site.node)
    tests = [n.test for n in walk(scope) if isinstance(n, ast.If | ast.IfExp) and n.lineno <= site.line]
    counts = ("numel", "any", "sum", "len", "size", "nonzero", "item")
    return any(isinstance(n, ast.Call) and last_name(n.func) in counts for t in tests for n in walk(t))


def _empty_message(value: Value) -> str:
    if value.op in ("mean", "div") and _is_guarded(value):
        return ""
    inner = unwrap(value.inputs[0]) if value.op == "mean" and value.inputs else None
    chosen = value.inputs[0] if inner is not None else None
    if chosen is not None and chosen.op == "index" and chosen.args and _is_threshold(chosen.args[0]):
        return "The mean over the entries that pass a threshold: where none passes, it is NaN."
    if value.op == "div" and len(value.inputs) > 1:
        below = unwrap(value.inputs[1])
        if below.op == "sum" and below.inputs and _is_threshold(below.inputs[0]):
            return "Divided by the number of entries that pass a threshold: where none passes, this is 0 / 0."
    return ""


def find_mean_of_nothing(trace: Trace) -> Iterator[Problem]:
    expected = "Clamp the count to at least 1, or skip a batch without entries."
    yield from _scan(trace, _empty_message, mean_or_zero, expected)


CHECKS = (
    Check("root-of-difference", "A square root of squared differences, or of a difference of squares.",
          "At 0 the root's derivative is infinite; below 0 the root is NaN.",
          "Add a small positive number under the root.", "optimization/unstable_arithmetic",
          _GRADIENTS, "warning", "silent_bug", find_root_of_difference),
    Check("edge-of-domain", "acos, sqrt(1 - x**2) or log(1 - x**2) of a cosine or a tanh.",
          "The derivative at the edge is infinite; rounding crosses the edge.",
          "Clamp to just inside the domain.", "optimization/unstable_arithmetic",
          _ANOMALY, "warning", "silent_bug", find_edge_of_domain),
    Check("softmax-by-hand", "exp without subtracting the maximum, summed and divided by or logged.",
          "exp overflows.", "Use softmax, logsumexp or softplus.", "optimization/unstable_arithmetic",
          _LOGSUMEXP, "warning", "silent_bug", find_exponential),
    Check("division-by-spread", "A batch standardised by its own spread without a floor.",
          "Equal values have spread 0.", "Add a small number to the divisor.", "optimization/unstable_arithmetic",
          _ANOMALY, "warning", "silent_bug", find_division_by_spread),
    Check("mean-of-nothing", "A mean over entries that pass a threshold.",
          "The mean of no entries is NaN.", "Clamp the count to at least 1.", "optimization/unstable_arithmetic",
          _ANOMALY, "warning", "silent_bug", find_mean_of_nothing),
)  # fmt: skip
