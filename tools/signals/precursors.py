"""What the other curves did in the points before a failure: the sentence parts that say what led to it."""

from dataclasses import dataclass, field

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, chosen, counterpart, place
from misrun.tools.signals.robust import Floats, spread
from misrun.tools.signals.wording import number, plural, times

# A doubling is the smallest change a reader sees in numbers that differ from step to step by tens of percent; what is
# called a rise must also leave the range of the history (below).
RISE = 2.0
# In units of the history's own MAD, on the logarithm: 4 sigma has a probability of 3e-5 under a normal distribution.
RISE_Z = 4.0
# How many earlier points make the history, and how many make the last stretch whose spread is compared with it.
HISTORY, STRETCH = 50, 10


@dataclass
class Leadup:
    """Clauses for the sentence, raw numbers and citations, collected from several curves."""

    clauses: list[str] = field(default_factory=list)
    values: dict[str, Scalar] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Rise:
    """A rise to the last point: where it began, the level before it, and the factor between."""

    first: int
    baseline: float
    ratio: float


def rise_to(values: Floats, last: int) -> Rise | None:
    """The steady rise that ends at point `last`, if that point lies far above the history; positive values only."""
    history = values[max(0, last - HISTORY) : last + 1]
    if len(history) < 3 or history.min() <= 0:
        return None
    first = _foot(values, last)
    before = values[max(0, first - HISTORY) : first + 1]
    baseline = float(np.median(before))
    ratio = float(values[last]) / baseline
    clear = np.log(ratio) > RISE_Z * spread(np.log(before)) if ratio > 0 else False
    return Rise(first, baseline, ratio) if ratio >= RISE and clear else None


def _foot(values: Floats, last: int) -> int:
    """Where the climb to `last` began: back while each point is lower than the one after it."""
    first = last
    while first > 0 and values[first - 1] < values[first]:
        first -= 1
    return first


def rise_after(values: Floats, first: int) -> tuple[int, float, float] | None:
    """The highest point from `first` on against the median of all points before: (its index, median, factor).

    None with fewer than two points before, none after, or a median that is not positive. The median alone survives one
    wild point among few; the spread of so few would not.
    """
    if first < 2 or first >= len(values):
        return None
    usual = float(np.median(values[:first]))
    at = first + int(np.argmax(values[first:]))
    return (at, usual, float(values[at]) / usual) if usual > 0 else None


def leading_to(run: RunRecord, loss: Series, at: int) -> Leadup:
    """What gradient norm, loss, loss scale and learning rate did before point `at` of the training loss."""
    found = Leadup()
    _gradient_before(run, loss, at, found)
    _loss_before(loss, at, found)
    _learning_rate_before(run, loss, at, found)
    return found


def _gradient_before(run: RunRecord, loss: Series, at: int, found: Leadup) -> None:
    series = chosen(run.named("grad_norm"))
    where = counterpart(loss, at, series) if series else None
    if series is None or where is None:
        return
    early = next((i for i in range(where + 1) if not np.isfinite(series.values[i])), None)
    if early is not None:
        found.clauses.append(f"gradient norm is {number(series.values[early])} from {place(series, early)} on")
        found.spans.append(series.span(early))
    curve = Curve.of(series)
    last = int(np.searchsorted(curve.index, where if early is None else early, side="right")) - 1
    if last >= 1:
        _gradient_level(curve, last, found)


def _gradient_level(curve: Curve, last: int, found: Leadup) -> None:
    rise = rise_to(curve.values, last)
    final = float(curve.values[last])
    typical = float(np.median(curve.values[max(0, last - HISTORY) : last]))
    found.values |= {"grad_before": final, "grad_typical": rise.baseline if rise else typical}
    found.spans.append(curve.span(rise.first if rise else last, last))
    if rise:
        steps = plural(last - rise.first + 1, "logged point")
        found.values["grad_ratio"] = rise.ratio
        foot = float(curve.values[rise.first])
        found.clauses.append(f"gradient norm rose from {number(foot)} to {number(final)} in the {steps} before")
    elif (wider := _spread_growth(curve.values[: last + 1])) >= RISE:
        found.values["grad_spread_ratio"] = wider
        found.clauses.append(f"gradient norm swung {times(wider)} as widely in the {STRETCH} points before as earlier")
    elif typical > 0:
        found.values["grad_ratio"] = final / typical
        found.clauses.append(f"gradient norm gave no warning ({number(final)} against a usual {number(typical)})")


def _spread_growth(values: Floats) -> float:
    """Spread of the last stretch over that of the history before it; 0 when there is too little of either."""
    before, lately = values[:-STRETCH][-HISTORY:], values[-STRETCH:]
    scale = spread(before) if len(before) >= STRETCH else 0.0
    return spread(lately) / scale if scale > 0 else 0.0


def _loss_before(loss: Series, at: int, found: Leadup) -> None:
    curve = Curve.of(loss)
    last = int(np.searchsorted(curve.index, at)) - 1
    rise = rise_to(curve.values, last) if last >= 1 else None
    if rise is None:
        return
    found.values |= {"loss_ratio": rise.ratio, "loss_typical": rise.baseline}
    found.spans.append(curve.span(rise.first, last))
    count = plural(last - rise.first + 1, "logged point")
    foot, top = float(curve.values[rise.first]), float(curve.values[last])
    found.clauses.append(f"loss had risen from {number(foot)} to {number(top)} in the {count} before")


def _learning_rate_before(run: RunRecord, loss: Series, at: int, found: Leadup) -> None:
    series = chosen(run.named("lr"))
    where = counterpart(loss, at, series) if series else None
    if series is not None and where is not None:
        peak = max((v for v in series.values if np.isfinite(v)), default=float("nan"))
        found.values |= {"lr_at_onset": series.values[where], "peak_lr": peak}
        found.spans.append(series.span(where))
