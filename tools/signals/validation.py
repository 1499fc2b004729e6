"""Validation against training: gaps, flat lines, noise, and values too good to be true."""

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.blow_up import blow_up
from misrun.tools.signals.curve import Curve, called, quantity, training_loss, validation_loss
from misrun.tools.signals.evaluation import task_metric
from misrun.tools.signals.loss import falls
from misrun.tools.signals.robust import end_level, noise, start_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, percent, plural, times

# A rise of a tenth over the best validation loss is what early stopping with usual patience would end on (Prechelt
# 1998, "Early Stopping - But When?": generalisation loss of 5 % is its medium threshold; twice that here).
GAP, GAP_SURE = 1.10, 1.5
LEAST = 0.05
# Validation that moved less than this share while training gained four times as much stayed where it was.
FLAT, GAINED = 0.03, 0.2
# Half of what a metric can be is more than a guess reaches among three classes or more: something has been learned.
REACHED = 0.5
# Rounding and a few samples of a thousand: no rise of a metric that has all still to gain.
NO_RISE = 0.01
# "Perfect": at most 5 errors in 1,000. "Better by far": half the training loss (dropout and augmentation explain less).
PERFECT, BETTER = 0.995, 0.5
# Validation is noisy when its relative swing is over a tenth and five times that of training at the same spacing.
NOISY, NOISIER = 0.1, 5.0


def measure(run: RunRecord, task: Task) -> list[Signal]:
    train = training_loss(run)
    loss = validation_loss(run, train)
    metric = task_metric(run)
    found = [_too_good(run, train, loss, task)]
    if task.descending and train is not None:
        # Once the loss is NaN, metrics fall because the weights are gone, not because the two disagree.
        trusted = metric if train.series.first_nonfinite is None else None
        if blow_up(train) is None:  # what follows a blow-up is its consequence
            found += [_gap(train, loss, trusted), _disagrees(train, loss, trusted)]
        if loss is not None:
            found += [_flat(train, loss), _noisy(train, loss)]
    return [signal for signal in found if signal]


def _same_time(curve: Curve, other: Curve, at: int) -> int:
    """Number of points of `curve` logged up to point `at` of `other`; by share of the run when nothing else relates
    them.
    """
    if curve.series.step_kind == other.series.step_kind and curve.series.step_kind != "index":
        return curve.until(other.step(at))
    if curve.series.file == other.series.file and other.series.lines[other.index[at]]:
        limit = other.series.lines[other.index[at]]
        return sum(1 for i in curve.index if 0 < curve.series.lines[i] <= limit)
    return round((at + 1) / len(other) * len(curve))


def _gap(train: Curve, loss: Curve | None, metric: Curve | None) -> Signal | None:
    by_loss = _loss_gap(train, loss) if loss is not None and len(loss) >= 3 else None
    by_metric = _metric_gap(train, metric) if by_loss is None and metric is not None else None
    if by_metric is not None and loss is not None and len(loss) >= 3 and falls(loss) and trend(loss.values) < 0:
        # The validation loss keeps falling with that of training: what the metric loses is not lost to memorising.
        return by_metric.model_copy(update={"strength": 0.4})
    return by_loss or by_metric


def _loss_gap(train: Curve, loss: Curve) -> Signal | None:
    best = int(np.argmin(loss.values))
    low, tail = (
        float(loss.values[best]),
        loss.values[-max(1, min(len(loss) // 5, len(loss) - 1 - int(np.argmin(loss.values)))) :],
    )
    end = float(np.median(tail))
    risen = end / low if low > 0 else 0.0
    steady = end - low > 3 * noise(loss.values) or trend(loss.values[best:]) > 0
    at_best = _training_between(train, loss, best)
    # Against the start of learning: a solved task's validation loss near 0 rises by large factors and small amounts.
    steady = steady and end - low >= LEAST * float(train.values[:3].max())
    if best == len(loss) - 1 or risen < GAP or not steady or at_best is None:
        return None
    before, after = at_best
    return Signal(
        name="validation_gap",
        text=f"{called(loss.series)} rises from its best {number(low)} at {loss.place(best)} to a level of"
        f" {number(end)} before {loss.place(-1)} ({times(risen)} as high) while training loss falls from"
        f" {number(before)} to {number(after)}.",
        value=risen,
        step=loss.step(best),
        strength=graded(risen, GAP, GAP_SURE),
        spans=(loss.span(best), loss.span(-1), train.span(0, -1)),
        values={"best": low, "best_step": loss.step(best), "end": end, "ratio": risen, "train_at_best": before,
                "train_end": after, "onset_step": loss.step(best), "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _training_between(train: Curve, other: Curve, at: int) -> tuple[float, float] | None:
    """Training loss around point `at` of another curve and at the end, if it fell by more than 5 % between the two."""
    until = _same_time(train, other, at)
    window = max(1, len(train) // 10)
    before = train.values[max(0, until - window) : max(1, until)]
    if until >= len(train) or not len(before):
        return None
    then, now = float(np.median(before)), end_level(train.values)
    return (then, now) if now < 0.95 * then else None


def _metric_gap(train: Curve, metric: Curve) -> Signal | None:
    """The same by a metric that should rise: it loses a tenth of what it had, and keeps falling."""
    best = int(np.argmax(metric.values))
    # A coarse metric swings from one evaluation to the next: at least three of them, all after the best, are the end.
    tail = metric.values[-max(1, min(max(3, len(metric) // 5), len(metric) - 1 - best)) :]
    high, end = float(metric.values[best]), float(np.median(tail))
    # The best of twenty noisy evaluations lies 2 sigma above their level; the median with its neighbours does not.
    level = float(np.median(metric.values[max(0, best - 1) : best + 2]))
    fallen = (level - end) / level if level > 0 else 0.0
    at_best = _training_between(train, metric, best)
    if best == len(metric) - 1 or fallen < GAP - 1.0 or level - end <= 3 * noise(metric.values) or at_best is None:
        return None
    return Signal(
        name="validation_gap",
        text=f"Validation {metric.series.raw_name} falls from its best {number(high)} at {metric.place(best)} to"
        f" {number(end)}"
        f" while training loss falls from {number(at_best[0])} to {number(at_best[1])}.",
        value=fallen,
        step=metric.step(best),
        strength=graded(1.0 + fallen, GAP, GAP_SURE),
        spans=(metric.span(best), metric.span(-1), train.span(0, -1)),
        values={"best": high, "best_step": metric.step(best), "end": end, "metric": metric.series.raw_name,
                "train_at_best": at_best[0], "train_end": at_best[1], "onset_step": metric.step(best),
                "step_kind": metric.series.step_kind},
    )  # fmt: skip


def _flat(train: Curve, loss: Curve) -> Signal | None:
    if len(loss) < 4 or not falls(train):
        return None
    # What training gained since the first evaluation: before it, validation could not show anything.
    since = _training_between(train, loss, 0)
    gained = (since[0] - since[1]) / abs(since[0]) if since and since[0] else 0.0
    first, last = float(loss.values[0]), end_level(loss.values)
    moved = abs(last - first) / abs(first) if first else 0.0
    # The lowest point counts too: a validation loss that fell and rose again is a gap, not a flat line.
    dipped = (first - float(loss.values.min())) / abs(first) if first else 0.0
    if gained < GAINED or moved > FLAT or dipped > 2 * FLAT:
        return None
    return Signal(
        name="validation_flat",
        text=f"{called(loss.series)} stays at {number(last)} ({number(first)} at {loss.place(0)}) over"
        f" {plural(len(loss), 'evaluation')}"
        f" while training loss falls by {percent(gained)} to {number(end_level(train.values))}.",
        value=moved,
        step=loss.step(0),
        strength=graded(gained, GAINED, 0.8),
        spans=(loss.span(0, -1), train.span(0, -1)),
        values={"first": first, "last": last, "train_first": start_level(train.values),
            "train_last": end_level(train.values),
                "evaluations": len(loss), "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _too_good(run: RunRecord, train: Curve | None, loss: Curve | None, task: Task) -> Signal | None:
    if task.policy:
        return None
    comparable = train is not None and loss is not None and train.series.name == loss.series.name
    by_loss = _better_than_training(train, loss) if train and loss and comparable else None
    accuracy = quantity(run, "accuracy", "eval")
    return by_loss or (_perfect_early(accuracy, train) if accuracy is not None else None)


def _perfect_early(accuracy: Curve, train: Curve | None) -> Signal | None:
    scale = 100.0 if accuracy.values.max() > 1.0 else 1.0
    early = accuracy.slice(0, max(1, len(accuracy) // 5))
    level = float(early.values.max()) / scale
    if len(accuracy) < 2 or level < PERFECT or float(accuracy.values.min()) / scale < 0.9:
        return None
    return Signal(
        name="validation_suspiciously_good",
        text=f"Validation accuracy is already {percent(level)} at {early.place(int(np.argmax(early.values)))}.",
        value=level,
        step=early.step(0),
        strength=0.8 if _training_lags(accuracy, train) else 0.4,
        spans=(early.span(0, -1),),
        values={"first": level, "last": end_level(accuracy.values) / scale, "kind": "perfect"},
    )


def _training_lags(accuracy: Curve, train: Curve | None) -> bool:
    """Whether the task is not simply easy: right after the first evaluation training samples are still got wrong.

    A loss of 0.5 is that of 60 % certainty in the right class (-ln 0.6).
    """
    if train is None:
        return True
    until = _same_time(train, accuracy, 0)
    after = train.values[until : until + 5]
    recent = after if len(after) else train.values[max(0, until - 5) : until]
    return len(recent) > 0 and float(np.median(recent)) > 0.5


def _better_than_training(train: Curve, loss: Curve) -> Signal | None:
    """Half the training loss at nearly every evaluation, the first one left out (epoch averages lag behind it)."""
    ratios: list[float] = []
    if len(loss) < 4:
        return None
    # Two hundred evaluations, evenly spread, are enough for a quantile.
    for at in np.unique(np.linspace(1, len(loss) - 1, min(200, len(loss) - 1)).astype(int)).tolist():
        until = _same_time(train, loss, at)
        # The last points before and the first after: an epoch's mean lags behind the model that is evaluated.
        around = [
            part for part in (train.values[max(0, until - 5) : until], train.values[until : until + 5]) if len(part)
        ]
        level = min((float(np.median(part)) for part in around), default=0.0)
        ratios += [float(loss.values[at]) / level] if level > 0 else []
    if len(ratios) < 3 or not 0 <= float(np.quantile(ratios, 0.9)) <= BETTER:
        return None
    ratio = float(np.median(ratios))
    return Signal(
        name="validation_suspiciously_good",
        text=f"{called(loss.series)} is {number(ratio)} times the training loss at {plural(len(ratios), 'evaluation')}"
        f" (last {number(float(loss.values[-1]))} against {number(end_level(train.values))}).",
        value=ratio,
        step=loss.step(1),
        strength=graded(BETTER / ratio, 1.0, 4.0) if ratio > 0 else 1.0,
        spans=(loss.span(0, -1), train.span(0, -1)),
        values={
            "ratio": ratio,
            "last": float(loss.values[-1]),
            "train_last": end_level(train.values),
            "kind": "better",
        },
    )


def _noisy(train: Curve, loss: Curve) -> Signal | None:
    if len(loss) < 6:
        return None
    # The last thousand evaluations tell as much as all of them.
    train, loss = train.slice(-max(1, len(train) * 1000 // max(1000, len(loss)))), loss.slice(-1000)
    level = float(np.median(loss.values))
    swing = noise(loss.values) / level if level > 0 else 0.0
    spaced = np.array([np.median(part) for part in np.array_split(train.values, min(len(train), len(loss)))])
    usual = noise(spaced) / float(np.median(spaced)) if float(np.median(spaced)) > 0 else 0.0
    if swing < NOISY or swing < NOISIER * usual:
        return None
    return Signal(
        name="validation_noisy",
        text=f"{called(loss.series)} swings by {percent(swing)} of its level from one evaluation to the next, training"
        f" loss by"
        f" {percent(usual)} over the same spacing.",
        value=swing,
        strength=graded(swing, NOISY, 1.0),
        spans=(loss.span(0, -1),),
        values={"swing": swing, "train_swing": usual, "evaluations": len(loss)},
    )


def _disagrees(train: Curve, loss: Curve | None, metric: Curve | None) -> Signal | None:
    """The loss improves by a fifth or more, the metric that should follow does not rise."""
    reference = loss if loss is not None and len(loss) >= 3 else train
    if metric is None or len(metric) < 4 or not falls(reference):
        return None
    start = start_level(reference.values)
    first, last = float(metric.values[0]), end_level(metric.values)
    scale = 100.0 if metric.values.max() > 1.0 else 1.0
    # Where the metric is high already, against the start of learning: what falls after the first evaluation may be the
    # last bit of a metric long reached.
    high = first >= REACHED * scale
    reached = high and train.series.name == reference.series.name
    gained = (start - end_level(reference.values)) / max(abs(start), float(train.values[:3].max()) if reached else 0.0)
    risen = last - first > max(2 * noise(metric.values), FLAT * abs(first)) or trend(metric.values) > 0
    # Where all is still to be gained, a hundredth of the scale is no rise; near the top, a share of the rest is one.
    risen = (risen or last - first > LEAST * (scale - first)) if high else (risen and last - first >= NO_RISE * scale)
    # A metric that starts near its best has nowhere to go.
    if gained < GAINED or risen or first >= 0.9 * scale:
        return None
    return Signal(
        name="metric_disagrees",
        text=f"{called(reference.series)} falls by {percent(gained)} while {metric.series.raw_name} goes from"
        f" {number(first)} to {number(last)}.",
        value=last - first,
        step=metric.step(0),
        strength=graded(gained, GAINED, 0.6),
        spans=(metric.span(0, -1), reference.span(0, -1)),
        values={"metric": metric.series.raw_name, "metric_first": first, "metric_last": last, "improvement": gained},
    )
