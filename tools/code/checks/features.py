"""Columns of very different size given to a network as they are."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.trace import Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, ancestors, number

_SCALING = (
    "https://scikit-learn.org/stable/modules/preprocessing.html#standardization-or-mean-removal-and-variance-scaling"
)
# The largest column 100 times the next scale: weights drawn for inputs of size 1 see the others as noise.
_RATIO = 100.0
_STACKING = names("column_stack stack hstack concatenate c_ cat array tensor")
_SCALERS = names("std var norm normalize fit_transform transform batch_norm layer_norm log log1p clamp max amax ptp")


def find_unscaled_features(trace: Trace) -> Iterator[Problem]:
    """Features drawn from literal ranges of different size, stacked, and given to a model without any scaling."""
    for training in training_loops(trace):
        scales = any(e.op == "batch_norm" for e in training.events)
        for event in training.events:
            if scales or event.op != "linear" or event.callee is None or not event.args:
                continue
            if event.args[0].callee is not None:
                break  # only the first layer sees the data
            found = _unscaled(event.args[0])
            if found is not None and found[0].site is not None:
                columns, low, high = found
                yield Problem(
                    _made_into_tensor(event.args[0], columns).site or event.site,
                    f"The columns differ in size by a factor of {high / low:,.0f} and reach the first layer as they "
                    "are: the largest ones drown the others and saturate the units.",
                    "Subtract the mean and divide by the standard deviation of every column (of the training rows).",
                    0.45,
                    "Print mean and standard deviation of every column of one batch.",
                    related=(event.callee.site,) if event.callee.site else (),
                )
            break


def _unscaled(value: Value) -> tuple[Value, float, float] | None:
    """Columns of different size among what the value is made of, unless something on the way scales."""
    below = list(ancestors(value, 400))
    if any(v.op in _SCALERS or (v.op == "method" and v.name in _SCALERS) for v in below):
        return None
    if any(v.op == "div" and number(v.inputs[1]) is None for v in below if len(v.inputs) > 1 and _is_between(v, value)):
        return None
    for part in below:
        if part.kind == "sequence" and part.items and len(part.items) > 1:
            sizes = [size for item in part.items if (size := _size(item)) is not None]
            if len(sizes) == len(part.items) and max(sizes) / min(sizes) >= _RATIO:
                return part, min(sizes), max(sizes)
    return None


def _is_between(division: Value, value: Value) -> bool:
    """A division of the whole table, not inside the making of one column or the target."""
    top = value
    for _ in range(30):
        if top is division:
            return True
        if not top.inputs:
            return False
        top = top.inputs[0]
    return False


def _made_into_tensor(value: Value, columns: Value) -> Value:
    """Where the columns become the tensor the model is given."""
    found = columns
    for part in ancestors(value, 60):
        if part.op in _STACKING and part.site is not None:
            found = part
    return found


def _size(value: Value, depth: int = 6) -> float | None:
    """The size of a typical number drawn from a literal distribution; None when it is not known or 0."""
    if depth == 0:
        return None
    bounds = [n for a in (value.args or value.inputs) if (n := number(a)) is not None]
    name = value.name.rpartition(".")[2] if value.op in ("method", "call") else value.op
    if value.op == "method" and value.inputs:
        bounds = [n for a in value.inputs[1:] if (n := number(a)) is not None]
    if name in ("uniform", "randint", "integers", "normal", "gauss", "lognormal") and len(bounds) >= 2:
        size = abs(bounds[0]) + abs(bounds[1]) if name in ("normal", "gauss") else max(map(abs, bounds[:2]))
        return None if name == "lognormal" else size or None
    if name in ("rand", "random", "randn", "standard_normal"):
        return 1.0
    if name in ("mul", "add", "div", "sub") and len(value.inputs) == 2:
        return _computed(name, *value.inputs, depth=depth)
    keeps = name in ("float", "round", "to", "reshape", "unsqueeze", "astype", "element", "abs")
    return _size(value.inputs[0], depth - 1) if keeps and value.inputs else None


def _computed(name: str, one: Value, other: Value, depth: int) -> float | None:
    sizes = [abs(n) if (n := number(v)) is not None else _size(v, depth - 1) for v in (one, other)]
    if sizes[0] is None or sizes[1] is None:
        return None
    if name == "mul":
        return sizes[0] * sizes[1] or None
    if name == "div":
        return sizes[0] / sizes[1] if sizes[1] else None
    return max(sizes[0], sizes[1]) or None


CHECKS = (
    Check("unscaled-features", "Columns of very different size given to a network without scaling.",
          "Initial weights assume inputs of size 1.", "Standardise every column.",
          "data_pipeline/input_scaling", _SCALING, "note", "data_flow", find_unscaled_features),
)  # fmt: skip
