"""Where the level of the training loss goes: improving, slow, flat, constant, diverging, negative."""

import math
import re
from dataclasses import dataclass

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar
from misrun.tools.record import Span
from misrun.tools.signals.blow_up import blow_up
from misrun.tools.signals.curve import Curve, called, is_error, quantity, training_loss
from misrun.tools.signals.robust import (
    SHORTEST_TEST,
    Floats,
    blocks,
    edge,
    end_level,
    noise,
    running_median,
    start_level,
    theil_sen,
    trend,
)
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, configured_chance
from misrun.tools.signals.wording import number, percent, plural, times

# A change of level counts when it is this many standard errors of a median of the points it was taken from.
SIGMAS = 4.0
# Less than this share of the starting level is no improvement a reader would call one.
SMALL = 0.05
# A plateau: at least half the run without a trend, at more than half the starting level.
FLAT_SHARE, HIGH_SHARE = 0.5, 0.5
# A slow run has come less than a fifth of the way to 0 at a rate that has not slackened by more than half; a power law
# t^-b with b <= 1 (Hestness et al. 2017, arXiv:1712.00409) slackens far more between the halves.
SLOW_WAY, SLOW_RATE = 0.2, 0.5
# From fresh weights the easy part of a task (class shares, token frequencies, the mean of the target) alone takes more
# than a tenth of the loss in most tasks; half of that is next to nothing. Judgements, hence the moderate strength.
HARDLY, HARDLY_ANY, SHORTEST_LOOK = 0.1, 0.05, 6
_RECONSTRUCTION = re.compile(r"(?i)(?:^|[^a-z])rec(?:on(?:struction)?)?(?:[^a-z]|$)")
# Divergence: half of what had been gained is lost again, and the loss is at least 20 % above its best.
LOST_SHARE, RISEN = 0.5, 1.2


def measure(run: RunRecord, task: Task) -> list[Signal]:
    loss = training_loss(run)
    if loss is None:
        return []
    negative = _negative(loss, task)
    found = [_divergence(loss, task), negative]
    if task.descending:
        # A fall below the floor of the loss, or without one, is no learning.
        found = [None if signal and _learns_beside(run, loss) else signal for signal in found[:1]] + found[1:]
        found += [
            _improving(loss) if negative is None else None,
            _slow(loss),
            _constant(loss),
            _hardly_falls(run, loss, task),
            _plateau(run, loss, task),
        ]
    return [signal for signal in found if signal]


def _level_error(values: Floats) -> float:
    """Standard error of the median of one tenth of the points (1.25 sigma / sqrt(n) for a normal distribution)."""
    return 1.25 * noise(values) / math.sqrt(edge(len(values)))


def _ends(loss: Curve) -> dict[str, Scalar]:
    return {"first": start_level(loss.values), "last": end_level(loss.values), "points": len(loss),
            "series": loss.series.raw_name, "step_kind": loss.series.step_kind}  # fmt: skip


def falls(curve: Curve) -> bool:
    """Whether a curve comes down clearly from its start to its end: trend, size against noise, and share of the
    start.
    """
    if len(curve) < 3:
        return False
    first = float(curve.values[0])
    # A curve that dropped at once and then hovers has no trend over most of its points: it has fallen if its whole
    # second half lies below half of the first value.
    dropped = first > 0 and float(curve.values[len(curve) // 2 :].max()) < 0.5 * first
    # In a short series that only falls, the differences that noise is estimated from are the fall itself.
    if len(curve) < SHORTEST_TEST and bool((np.diff(curve.values) < 0.0).all()):
        return first - float(curve.values[-1]) > SMALL * abs(first)
    # Tenths show a fast start, thirds a slow fall under the noise of single batches.
    large = _dropped(curve.values, edge(len(curve))) or _dropped(curve.values, len(curve) // 3)
    return dropped or (large and trend(curve.values) < 0)


def _dropped(values: Floats, window: int) -> bool:
    """Whether the last `window` points lie below the first ones, by share and by the error of the two medians."""
    start = float(np.median(values[:window]))
    drop = start - float(np.median(values[-window:]))
    return drop > SMALL * abs(start) and drop > SIGMAS * 1.25 * noise(values) / math.sqrt(window)


def _top(values: Floats) -> float:
    """Where a falling curve began: the first value, or the level of the start where noise took the first value below
    it (a tenth of the points; a third in the noise of single batches)."""
    third = float(np.median(values[: max(1, len(values) // 3)]))
    return max(float(values[0]), start_level(values), third)


def _improving(loss: Curve) -> Signal | None:
    blown = blow_up(loss)
    if not falls(loss) or (blown and not blown.survived):
        return None
    start, end = _top(loss.values), end_level(loss.values)
    # A loss below 0 has no floor at 0 that a share of the way could be told of: the larger magnitude is its scale.
    share = (start - end) / max(abs(start), abs(end) if end < 0 else 0.0)
    way = f" ({percent(share)})" if end >= 0 else f", by {number(start - end)}"
    return Signal(
        name="loss_improving",
        text=f"{called(loss.series)} falls from a level of {number(start)} to {number(end)} between {loss.place(0)} and"
        f" {loss.place(-1)}{way}.",
        value=share,
        # 5 % is just an improvement, half the way to 0 is one beyond doubt.
        strength=graded(share, SMALL, 0.5),
        spans=(loss.span(0, -1),),
        values={**_ends(loss), "improvement": share},
    )


def _slow(loss: Curve) -> Signal | None:
    """Little of the way to 0, at a rate that does not slacken: the run is far from done, not converged."""
    start, end = start_level(loss.values), end_level(loss.values)
    if len(loss) < 8 or trend(loss.values) >= 0 or start - end <= SIGMAS * _level_error(loss.values):
        return None
    half = len(loss) // 2
    early, late = (theil_sen(part.steps, part.values) for part in (loss.slice(0, half), loss.slice(half)))
    way = (start - end) / abs(start)
    if way > SLOW_WAY or not late < 0 or late > SLOW_RATE * early:
        return None
    needed = end / -late if late else 0.0
    return Signal(
        name="loss_slow",
        text=f"{called(loss.series)} falls steadily but only from {number(start)} to {number(end)} ({percent(way)})"
        f" over {plural(len(loss), 'logged point')}; at that rate ({number(-late)} per {loss.series.step_kind}) the"
        f" rest would take {number(needed)} more.",
        value=way,
        strength=graded(SLOW_WAY / way, 1.0, 4.0),
        spans=(loss.span(0, -1),),
        values={**_ends(loss), "improvement": way, "slope": late},
    )


def _constant(loss: Curve) -> Signal | None:
    """No trend, and start and end within noise or 2 % of each other. A loss that hovers near 0 has converged
    already.
    """
    if len(loss) < 5:
        return None
    start, end = start_level(loss.values), end_level(loss.values)
    middle = float(np.median(loss.values))
    same = len(np.unique(loss.values)) == 1
    # In a short series the differences that noise is estimated from are the trend itself.
    allowed = SIGMAS * _level_error(loss.values) if len(loss) >= SHORTEST_TEST else 0.0
    moved = abs(end - start) > min(max(allowed, 0.02 * abs(middle)), 0.1 * abs(middle))
    levels = blocks(loss.values, 8)
    wandered = float(levels.max() - levels.min()) > max(0.1 * abs(middle), 2 * SIGMAS * _level_error(loss.values))
    if middle == 0.0 or (not same and (trend(loss.values) != 0 or moved or wandered)):
        return None
    scatter = noise(loss.values)
    around = "the same in every digit" if same else f"with noise of {number(scatter)}"
    return Signal(
        name="loss_constant",
        text=f"{called(loss.series)} does not change: a level of {number(start)} after {loss.place(0)} and"
        f" {number(end)} before {loss.place(-1)}, {around} over {plural(len(loss), 'logged point')}.",
        value=middle,
        step=loss.step(0),
        strength=1.0 if scatter <= 0.02 * abs(middle) else 0.7,
        spans=(loss.span(0, -1),),
        values={**_ends(loss), "noise": scatter, "exactly_constant": same},
    )


def _hardly_falls(run: RunRecord, loss: Curve, task: Task) -> Signal | None:
    """The whole run gains less than a tenth of where it began (or of a guess's loss), from weights that were fresh."""
    start, end = _began(loss, task), end_level(loss.values)
    if len(loss) < SHORTEST_LOOK or start <= 0.0 or end < 0.0 or task.pretrained or _solved(run):
        return None
    gained = (start - end) / start
    # A loss that came down meanwhile and went up again diverged: that is another fact.
    lowest = float(running_median(loss.values, max(3, len(loss) // 10)).min())
    if gained >= HARDLY or (start - lowest) / start >= 2 * HARDLY or _learns_beside(run, loss):
        return None
    return Signal(
        name="loss_hardly_falls",
        text=f"{called(loss.series)} goes from {number(start)} to {number(end)} in the whole run"
        f" ({plural(len(loss), 'logged point')}): {percent(max(gained, 0.0))} of the start is gained.",
        value=gained,
        step=loss.step(0),
        strength=_hardly_strength(loss, gained, task),
        spans=(loss.span(0, -1),),
        values={**_ends(loss), "improvement": gained},
    )


def _began(loss: Curve, task: Task) -> float:
    """The level of the first points, of which single batches are noisy, and not above a guess's loss."""
    first = float(np.median(loss.values[: max(1, min(3, len(loss) // 3))]))
    chance = configured_chance(task)
    return min(first, chance.loss) if chance else first


def _hardly_strength(loss: Curve, gained: float, task: Task) -> float:
    """A mean over the first epoch may have most of the learning in it already: without a guess's loss to compare with,
    that is a mark."""
    if _whole_epochs(loss) and configured_chance(task) is None:
        return 0.7 if _steady(loss) else 0.45
    # Fresh weights learn the easy part within some tens of steps: later a first point does not show it.
    if loss.series.step_kind == "step" and loss.step(0) > max(10.0, 0.01 * loss.step(-1)):
        return 0.55
    return 0.8 if gained < HARDLY_ANY else 0.6


def _steady(loss: Curve) -> bool:
    """The late rate is at least half of the early one: what was learned before the first epoch's end was no more."""
    if len(loss) < 8 or trend(loss.values) >= 0:
        return False
    half = len(loss) // 2
    early, late = (theil_sen(part.steps, part.values) for part in (loss.slice(0, half), loss.slice(half)))
    return early < 0 and late <= SLOW_RATE * early


def _whole_epochs(loss: Curve) -> bool:
    return loss.series.step_kind == "epoch" and float(np.median(np.diff(loss.steps))) >= 1.0


def _plateau(run: RunRecord, loss: Curve, task: Task) -> Signal | None:
    """Improvement, then none for at least half the run, at more than half of where it started (or of a guess's
    loss).
    """
    if len(loss) < 10:
        return None
    first = _flat_from(loss.values)
    if first is None or first == 0:
        return None
    start, level = _reference(loss, task), float(np.median(loss.values[first:]))
    gained = min(start, float(loss.values[0])) - level
    if level <= HIGH_SHARE * start or gained <= max(SMALL * start, SIGMAS * _level_error(loss.values)) or _solved(run):
        return None
    share = 1.0 - first / len(loss)
    return Signal(
        name="loss_plateau",
        text=f"{called(loss.series)} stops improving at {loss.place(first)} and stays at {number(level)} for the"
        f" remaining {percent(share)} of the run, after a start at {number(start)}.",
        value=level,
        step=loss.step(first),
        strength=_plateau_strength(level / start, loss, task),
        spans=(loss.span(first, -1),),
        values={**_ends(loss), "level": level, "onset_step": loss.step(first), "flat_share": share},
    )


def _plateau_strength(level: float, loss: Curve, task: Task) -> float:
    """`level` is a share of the start. Little learned at all is what makes a plateau a failure; between half and 60 %
    of the start, and in a short log, it is a mark: a converged model with much irreducible loss looks the same.

    Where whole epochs are logged, the first value is a mean that has most of the learning in it: without a guess's loss
    to compare with, a run that starts near its floor looks the same up to 90 %.
    """
    hidden_start = _whole_epochs(loss) and configured_chance(task) is None
    if level < 0.6 or len(loss) < 20 or (hidden_start and level < 0.9):
        return 0.4
    return graded(level, 0.6, 0.9)


def _flat_from(values: Floats) -> int | None:
    """First point of the longest trendless tail that covers at least half the points; None if there is none.

    A tail is flat when no trend is significant in it and its first and last quarter differ by less than 2 % of its
    level, or by no more than their own uncertainty.
    """
    for share in (0.1, 0.2, 0.3, 0.4, FLAT_SHARE):
        first = max(1, int(share * len(values)))
        tail = values[first:]
        quarters = np.array_split(tail, 4)
        moved = abs(float(np.median(quarters[0]) - np.median(quarters[-1])))
        if trend(tail) >= 0 and moved <= max(0.02 * abs(float(np.median(tail))), 2 * _level_error(tail)):
            return first
    return None


def _reference(loss: Curve, task: Task) -> float:
    """The level that counts as the start: the first points (a tenth of a long run has learned already), or a guess's
    loss where the model started above it.
    """
    start = float(loss.values[:3].max())
    chance = configured_chance(task)
    return min(start, chance.loss) if chance else start


def _solved(run: RunRecord) -> bool:
    """A task metric near its best says that there is little left to improve."""
    accuracy = quantity(run, "accuracy", "eval") or quantity(run, "accuracy", "train")
    if accuracy is None:
        return False
    scale = 100.0 if accuracy.values.max() > 1.0 else 1.0
    return end_level(accuracy.values) >= 0.9 * scale


@dataclass(frozen=True)
class _Departure:
    """The best level of a curve, where it was, where the curve left it for good, and its level and start at the
    ends.
    """

    best: float
    best_at: int
    left_at: int
    end: float
    start: float


def departure(curve: Curve) -> _Departure | None:
    """Where a curve left its best level for good, if its end lies clearly above; for losses of one sign or none."""
    values = curve.values
    if len(values) < 3:
        return None
    smooth = running_median(values, max(1, len(values) // 20)) if len(values) >= 20 else values
    best_at = int(np.argmin(smooth))
    tail = values[-max(1, len(values) // 20) :] if len(values) >= 20 else values[-1:]
    best, end = float(smooth[best_at]), float(np.median(tail))
    sigma = noise(values[: max(best_at + 1, 5)])
    band = best + SIGMAS * sigma
    if best_at == len(values) - 1 or end <= band or float(tail.min()) <= band:
        return None
    inside = np.flatnonzero(smooth <= band)
    if (smooth[int(inside[0]) : int(inside[-1])] >= end - SIGMAS * sigma).any():
        return None  # it has been up there before and came back: swings, not a departure
    return _Departure(best, best_at, min(int(inside[-1]) + 1, len(values) - 1), end, start_level(values))


def _divergence(loss: Curve, task: Task) -> Signal | None:
    left = departure(loss)
    if left is None or not _lost(left, loss, task):
        return None
    ratio = left.end / left.best if left.best > 0 else float("inf")
    factor = f", {times(ratio)} as high" if 1.0 < ratio < float("inf") else ""
    return Signal(
        name="loss_divergence",
        text=f"{called(loss.series)} leaves its best level of {number(left.best)} ({loss.place(left.best_at)}) at"
        f" {loss.place(left.left_at)} and ends at {number(left.end)}{factor}.",
        value=left.end,
        step=loss.step(left.left_at),
        strength=_divergence_strength(left),
        spans=(loss.span(left.best_at), loss.span(left.left_at, -1)),
        values={**_ends(loss), "best": left.best, "best_step": loss.step(left.best_at), "end": left.end,
                "onset_step": loss.step(left.left_at), "ratio": ratio},
    )  # fmt: skip


def _learns_beside(run: RunRecord, loss: Curve) -> bool:
    """A reconstruction falls well while the sum of which it is a term does not: other terms grow as they are put to
    use (the commitment to codes, the KL term)."""
    others = (s for s in run.series if s.phase == "train" and s is not loss.series)
    curves = (Curve.of(series) for series in others if _RECONSTRUCTION.search(series.raw_name))
    return any(falls(c) and end_level(c.values) < 0.7 * float(c.values[0]) for c in curves)


def _lost(left: _Departure, loss: Curve, task: Task) -> bool:
    """Half of the gain is gone. Policy and adversarial losses have no level to keep: there only a runaway counts."""
    if not task.descending:
        usual = np.abs(loss.values[: max(left.left_at, 3)])
        # A hundred times the largest magnitude seen before is no balance between two players any more.
        return abs(left.end) > 100.0 * float(np.quantile(usual, 0.9))
    enough = left.end > RISEN * left.best if left.best > 0 else True
    return enough and left.end - left.best > LOST_SHARE * max(left.start - left.best, 0.0)


def _divergence_strength(left: _Departure) -> float:
    gained = left.start - left.best
    lost = (left.end - left.best) / gained if gained > 0 else float("inf")
    risen = left.end / left.best if left.best > 0 else float("inf")
    # Beyond doubt: back above the start, or ten times the best level.
    return max(graded(lost, LOST_SHARE, 1.0) if lost < 1.0 else 0.9, graded(risen, RISEN, 10.0))


def _negative(loss: Curve, task: Task) -> Signal | None:
    """Below 0 where the loss is known to be bounded, or running away below 0 from a positive start."""
    below = np.flatnonzero(loss.values < 0.0)
    if not len(below) or not task.descending:
        return None
    first = int(below[0])
    end, start = end_level(loss.values), start_level(loss.values)
    # The density of a continuous target may exceed 1, so that its negative logarithm settles below 0; a runaway does
    # not slacken.
    runaway = start > 0 and end < -start and _steady(loss)
    bounded = task.bounded or is_error(loss.series)
    if not bounded and not runaway:
        return None
    spans: tuple[Span, ...] = (loss.span(first), loss.span(-1))
    return Signal(
        name="loss_negative",
        text=f"{called(loss.series)} is below 0 at {plural(len(below), 'logged point')} from {loss.place(first)} on"
        f" ({number(float(loss.values[first]))}) and ends at {number(end)}"
        + (", although a loss of this kind cannot be negative." if bounded else "; it runs away downwards."),
        value=end,
        step=loss.step(first),
        strength=(1.0 if end < 0 else 0.7) if bounded else 0.6,
        spans=spans,
        values={**_ends(loss), "negative_points": len(below), "onset_step": loss.step(first), "bounded": bounded},
    )
