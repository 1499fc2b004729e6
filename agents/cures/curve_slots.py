"""Slots about curves: values at and before the failure, each with the point it was read from."""

import math
import statistics
from collections.abc import Callable

from misrun.agents.cures.facts import Point, RunFacts, Value, cite
from misrun.agents.cures.slots import SLOTS, Filler, slot
from misrun.tools.readers.run_record import Phase, Series
from misrun.tools.signals.curve import losses
from misrun.tools.signals.wording import number


def _at(point: Point | None) -> Value | None:
    """A value with its step: "0.41 at step 156"."""
    if point is None:
        return None
    return Value(f"{number(point.value)} at {point.when}", point.value, (point.reference,))


def _finite(series: Series | None) -> list[Point]:
    return [] if series is None else [Point(series, i) for i, v in enumerate(series.values) if math.isfinite(v)]


def _series(facts: RunFacts, name: str, phase: Phase | None) -> Series | None:
    if phase == "train":
        return facts.curve(name)
    if name == "loss" and phase is not None:
        return next(iter(losses(facts.run, phase)), None)
    return facts.run.best(name, phase)


def _first(name: str, phase: Phase | None) -> Callable[[RunFacts], Value | None]:
    return lambda facts: _at(next(iter(_finite(_series(facts, name, phase))), None))


def _last(name: str, phase: Phase | None) -> Callable[[RunFacts], Value | None]:
    return lambda facts: _at(next(iter(reversed(_finite(_series(facts, name, phase)))), None))


def _extreme(name: str, phase: Phase | None, sign: int) -> Callable[[RunFacts], Value | None]:
    def extreme(facts: RunFacts) -> Value | None:
        points = _finite(_series(facts, name, phase))
        return _at(max(points, key=lambda point: sign * point.value)) if points else None

    return extreme


def _without_step(filler: Filler) -> Filler:
    """The bare number, for sentences that name the step themselves or need none."""

    def bare(facts: RunFacts) -> Value | None:
        value = filler(facts)
        if value is None or value.number is None:
            return None
        return Value(number(value.number), value.number, value.refs)

    return bare


SLOTS |= {
    "loss_first": _first("loss", "train"),
    "loss_last": _last("loss", "train"),
    "loss_best": _extreme("loss", "train", -1),
    "val_loss_best": _extreme("loss", "eval", -1),
    "loss_best_value": _without_step(_extreme("loss", "train", -1)),
    "val_loss_best_value": _without_step(_extreme("loss", "eval", -1)),
    "val_loss_last": _last("loss", "eval"),
    "accuracy_last": _last("accuracy", "eval"),
    "grad_first": _first("grad_norm", None),
    "grad_last": _last("grad_norm", None),
    "grad_max": _extreme("grad_norm", None, 1),
    "lr_first": _first("lr", None),
    "lr_last": _last("lr", None),
    "loss_scale_last": _last("loss_scale", None),
    "grad_before": lambda facts: _at(facts.before_onset("grad_norm")),
}


@slot("onset")
def onset(facts: RunFacts) -> Value | None:
    point = facts.onset
    return None if point is None else Value(point.when, point.step, (point.reference,))


@slot("onset_fact")
def onset_fact(facts: RunFacts) -> Value | None:
    """What happens at the onset: "the loss becomes NaN at step 157"."""
    point = facts.onset
    if point is None or math.isfinite(point.value):
        return None
    name = "gradient norm" if point.series.name == "grad_norm" else "loss"
    return Value(f"the {name} becomes {number(point.value)} at {point.when}", refs=(point.reference,))


@slot("loss_before")
def loss_before(facts: RunFacts) -> Value | None:
    """The last finite training loss before the onset, without its step."""
    point = facts.before_onset("loss")
    return None if point is None else Value(number(point.value), point.value, (point.reference,))


@slot("loss_before_at")
def loss_before_at(facts: RunFacts) -> Value | None:
    return _at(facts.before_onset("loss"))


@slot("loss_spread")
def loss_spread(facts: RunFacts) -> Value | None:
    """The swing of the loss over the second half of the run: its lowest to its highest value."""
    series = facts.curve("loss")
    points = _finite(series)
    tail = points[len(points) // 2 :]
    if series is None or len(tail) < 2:
        return None
    low, high = min(tail, key=lambda p: p.value), max(tail, key=lambda p: p.value)
    return Value(f"{number(low.value)} to {number(high.value)}", refs=(low.reference, high.reference))


@slot("grad_median")
def grad_median(facts: RunFacts) -> Value | None:
    """Median gradient norm of the healthy part."""
    series = facts.curve("grad_norm")
    indices = facts.healthy(series) if series else ()
    if series is None or not indices:
        return None
    middle = statistics.median(series.values[i] for i in indices)
    return Value(number(middle), middle, (cite(series.span(indices[0], indices[-1])),), derived=True)


@slot("memory_range")
def memory_range(facts: RunFacts) -> Value | None:
    """First and last memory as logged, with their steps."""
    points = _finite(facts.run.best("memory"))
    if len(points) < 2:
        return None
    first, last = points[0], points[-1]
    text = f"from {number(first.value)} at {first.when} to {number(last.value)} at {last.when}"
    return Value(text, refs=(first.reference, last.reference))


@slot("memory_slope")
def memory_slope(facts: RunFacts) -> Value | None:
    """Mean growth per step, in the unit of the log (MiB where the name says so)."""
    points = _finite(facts.run.best("memory"))
    if len(points) < 2 or points[-1].step <= points[0].step:
        return None
    first, last = points[0], points[-1]
    slope = (last.value - first.value) / (last.step - first.step)
    return Value(number(slope), slope, (first.reference, last.reference), derived=True) if slope > 0 else None


@slot("last_step")
def last_step(facts: RunFacts) -> Value | None:
    """The last training step the sources show."""
    points = _finite(facts.loss)
    if not points:
        return None
    return Value(points[-1].when, points[-1].step, (points[-1].reference,))


@slot("best_epoch")
def best_epoch(facts: RunFacts) -> Value | None:
    """When the validation loss was lowest."""
    points = _finite(next(iter(losses(facts.run, "eval")), None))
    best = min(points, key=lambda point: point.value) if points else None
    return None if best is None else Value(best.when, best.step, (best.reference,))


@slot("chance_loss")
def chance_loss(facts: RunFacts) -> Value | None:
    """ln(number of classes): the loss of a model that knows nothing."""
    found = SLOTS["classes"](facts) or SLOTS["vocabulary"](facts)
    if found is None or found.number is None or found.number < 2:
        return None
    return Value(number(math.log(found.number)), math.log(found.number), found.refs, derived=True)
