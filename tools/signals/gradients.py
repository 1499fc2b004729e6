"""Gradient norms (not finite, exploding, vanishing, zero, always clipped) and the fp16 loss scale."""

import math
from dataclasses import dataclass

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, chosen, counterpart, place, quantity, training_loss
from misrun.tools.signals.loss import RISEN, departure, falls
from misrun.tools.signals.nonfinite import failed_loss
from misrun.tools.signals.precursors import rise_after
from misrun.tools.signals.robust import Floats, end_level, spread, start_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, numeric
from misrun.tools.signals.wording import number, percent, plural, times

# A tenfold rise over the run's own history is just an explosion, a hundredfold one is beyond doubt; it must also leave
# the history's range on the logarithm by 5 sigma (6e-7 under a normal distribution).
EXPLODING, SURE, EXPLODING_Z = 10.0, 100.0, 5.0
HISTORY = 50
# The last logged points before a failure that may hold the rise to it.
STRETCH = 5
# Adam's eps is 1e-8: with a million parameters a norm of 1e-5 is 1e-8 per coordinate, where eps swallows the update.
TINY = 1e-5
VANISHED = 1e-2
# The search for a loss scale: GradScaler starts at 2^16 and halves on overflow, so 20 halvings reach below 1/10.
SEARCH_STEPS = 20
# A scale that fell by 2^10 from its start and sits at 1 or below is at the end of its range.
COLLAPSE = 2.0**10
CLIP_SETTINGS = (
    "max_grad_norm", "gradient_clip_val", "grad_clip", "clip_grad", "gradient_clipping", "clip_grad_norm", "clip_norm",
    "max_norm", "grad_norm_clip", "clip",
)  # fmt: skip


def measure(run: RunRecord, task: Task) -> list[Signal]:
    series = chosen(run.named("grad_norm", "train"))
    found = [_loss_scale(run)]
    if series is not None and series.values:
        curve = Curve.of(series)
        found.append(_nonfinite(series, task))
        if len(curve):
            found += [
                _strongest_rise(run, curve),
                _vanishing(run, curve),
                _zero(curve),
                _clipped(run, curve),
            ]
    return [signal for signal in found if signal]


def _nonfinite(series: Series, task: Task) -> Signal | None:
    at = series.first_nonfinite
    if at is None:
        return None
    bad = [i for i, value in enumerate(series.values) if not math.isfinite(value)]
    recovered = math.isfinite(series.values[-1]) and len(bad) <= max(1, len(series.values) // 10)
    settled = bad[-1] < min(SEARCH_STEPS, len(series.values) / 2)
    if settled and task.half_precision:
        return None  # the scaler skips these steps while it looks for a scale; _loss_scale tells of it
    before = f"; last finite value {number(series.values[at - 1])} at {place(series, at - 1)}" if at else ""
    again = f"; finite again later ({plural(len(bad), 'such point')} of {len(series.values):,})" if recovered else ""
    return Signal(
        name="grad_nonfinite",
        text=f"Gradient norm becomes {number(series.values[at])} at {place(series, at)}{before}{again}.",
        step=series.steps[at],
        # Single overflows are what a loss scaler is there for.
        strength=0.3 if recovered else 1.0,
        spans=(series.span(max(0, at - 1), at),),
        values={"onset_step": series.steps[at], "nonfinite": len(bad), "points": len(series.values),
            "recovered": recovered,
                "last_finite": series.values[at - 1] if at else None, "step_kind": series.step_kind},
    )  # fmt: skip


def _strongest_rise(run: RunRecord, curve: Curve) -> Signal | None:
    found = [s for s in (_before_failure(run, curve), _calmed(run, curve, _exploding(curve))) if s]
    return max(found, key=lambda signal: signal.strength, default=None)


def _exploding(curve: Curve) -> Signal | None:
    """The highest point against the median of up to 50 points before the climb to it, on the logarithm."""
    values = curve.values
    if len(values) < 4 or values.min() < 0 or values.max() <= 0:
        return None
    peak = int(np.argmax(values))
    onset = _climb(values, peak)
    history = values[max(0, onset - HISTORY) : onset]
    history = history[history > 0]
    if len(history) < 3:
        return None
    baseline = float(np.median(history))
    ratio, recovered = float(values[peak]) / baseline, _back(values, peak, baseline)
    if ratio < EXPLODING or math.log(ratio) <= EXPLODING_Z * spread(np.log(history)):
        return None
    after = " and comes back" if recovered else ""
    signal = _rise_signal(curve, onset, peak, baseline, after)
    return _marked(signal, recovered=True) if recovered else signal


def _rise_signal(curve: Curve, onset: int, peak: int, baseline: float, after: str) -> Signal:
    ratio = float(curve.values[peak]) / baseline
    return Signal(
        name="grad_exploding",
        text=f"Gradient norm rises from a usual {number(baseline)} to {number(float(curve.values[peak]))} at"
        f" {curve.place(peak)} ({times(ratio)} as high{after}), starting at {curve.place(onset)}.",
        value=ratio,
        step=curve.step(onset),
        strength=graded(ratio, EXPLODING, SURE),
        spans=(curve.span(max(0, onset - HISTORY), peak),),
        values={"baseline": baseline, "peak": float(curve.values[peak]), "peak_step": curve.step(peak), "ratio": ratio,
                "recovered": False, "onset_step": curve.step(onset), "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _marked(signal: Signal, **values: Scalar) -> Signal:
    """The same fact as a mark that a healthy run may carry too."""
    return signal.model_copy(update={"strength": 0.3, "values": signal.values | values})


@dataclass(frozen=True)
class _Failure:
    """Gradient norms up to a failure, the point from which on they may hold the rise to it, and what failed."""

    values: Floats
    first: int
    what: str


def _before_failure(run: RunRecord, curve: Curve) -> Signal | None:
    """A tenfold rise over the median in the last logged points before the loss or the norm stopped being finite, or
    since the loss left its level for good: there it counts in a history of few or wild points too.
    """
    failures = [f for f in (_norm_overflow(curve), _loss_overflow(run, curve), _loss_departure(run, curve)) if f]
    for failure in sorted(failures, key=lambda f: len(f.values)):
        rise = rise_after(failure.values, failure.first) if float(failure.values.min(initial=0.0)) >= 0 else None
        if rise is not None and rise[2] >= EXPLODING:
            peak, baseline, _ = rise
            usual = np.flatnonzero(curve.values[:peak] <= 2.0 * baseline)
            onset = int(usual[-1]) + 1 if len(usual) else 0
            signal = _rise_signal(curve, onset, peak, baseline, f"; {failure.what}")
            return signal.model_copy(update={"values": signal.values | {"before_failure": True}})
    return None


def _last_points(curve: Curve, count: int, what: str) -> _Failure:
    """The last points of the first `count`: of few points half is history."""
    return _Failure(curve.values[:count], max(count - STRETCH, (count + 1) // 2), what)


def _norm_overflow(curve: Curve) -> _Failure | None:
    """The norm itself, if it ends as no number."""
    series = curve.series
    last = int(curve.index[-1])
    if last == len(series.values) - 1:
        return None
    return _last_points(curve, len(curve), f"it is {number(series.values[last + 1])} at {place(series, last + 1)}")


def _loss_overflow(run: RunRecord, curve: Curve) -> _Failure | None:
    loss = failed_loss(run)
    at = loss.first_nonfinite if loss is not None else None
    beside = counterpart(loss, at, curve.series) if loss is not None and at is not None else None
    if loss is None or at is None or beside is None:
        return None
    count = int(np.searchsorted(curve.index, beside, side="right"))
    return _last_points(curve, count, f"the loss is {number(loss.values[at])} at {place(loss, at)}")


def _loss_departure(run: RunRecord, curve: Curve) -> _Failure | None:
    loss = training_loss(run)
    left = departure(loss) if loss is not None else None
    if loss is None or left is None or left.end < RISEN * left.start:
        return None
    beside = counterpart(loss.series, int(loss.index[left.left_at]), curve.series)
    if beside is None:
        return None
    first = int(np.searchsorted(curve.index, beside))
    return _Failure(curve.values, first, f"the loss leaves its level at {loss.place(left.left_at)}")


def _calmed(run: RunRecord, curve: Curve, signal: Signal | None) -> Signal | None:
    """A rise while the loss goes on falling is a mark, unless the norm ends tenfold over its usual level: norms of
    healthy models rise and fall several times over as the loss falls.
    """
    loss = training_loss(run)
    if signal is None or loss is None or failed_loss(run) or not falls(loss) or departure(loss) is not None:
        return signal
    usual = signal.values["baseline"]
    lasting = isinstance(usual, float) and end_level(curve.values) >= EXPLODING * usual
    return signal if lasting else _marked(signal, loss_falls=True)


def _climb(values: np.ndarray[tuple[int], np.dtype[np.float64]], peak: int) -> int:
    """First point of the climb: after the last point before the peak that was at most twice the earlier median."""
    usual = float(np.median(values[: max(3, peak // 2)]))
    low = np.flatnonzero(values[:peak] <= 2.0 * usual)
    return int(low[-1]) + 1 if len(low) else peak


def _back(values: np.ndarray[tuple[int], np.dtype[np.float64]], peak: int, baseline: float) -> bool:
    """Whether the points after the peak are back within three times the usual level."""
    after = values[peak + 1 :]
    return len(after) >= 3 and float(np.median(after[-max(3, len(after) // 2) :])) <= 3.0 * baseline


def _vanishing(run: RunRecord, curve: Curve) -> Signal | None:
    """A hundredth of the start, or below what Adam can use, while the loss is still high."""
    loss = training_loss(run)
    if len(curve) < 4 or curve.values.max() <= 0:
        return None
    start, end = start_level(curve.values), end_level(curve.values)
    learned = loss is not None and end_level(loss.values) < 0.5 * start_level(loss.values)
    fell, tiny = end < VANISHED * start, start < TINY and end < TINY
    if learned or end <= 0 or not (fell or tiny):
        return None
    how = f"falls from a level of {number(start)} to {number(end)}" if fell else f"is {number(start)} from the start"
    return Signal(
        name="grad_vanishing",
        text=f"Gradient norm {how} by {curve.place(-1)} while the loss has not come down.",
        value=end,
        step=curve.step(0) if tiny else curve.step(int(np.argmax(curve.values < VANISHED * start))),
        strength=graded(max(start / end * VANISHED, TINY / end), 1.0, 100.0),
        spans=(curve.span(0), curve.span(-1)),
        values={
            "first": start,
            "last": end,
            "ratio": end / start if start else None,
            "step_kind": curve.series.step_kind,
        },
    )


def _zero(curve: Curve) -> Signal | None:
    zeros = np.flatnonzero(curve.values == 0.0)
    if len(zeros) < 2:
        return None
    share = len(zeros) / len(curve)
    return Signal(
        name="grad_zero",
        text=f"Gradient norm is exactly 0 at {len(zeros):,} of {plural(len(curve), 'logged point')}, first at"
        f" {curve.place(int(zeros[0]))}.",
        value=share,
        step=curve.step(int(zeros[0])),
        strength=round(0.5 + 0.5 * share, 3),
        spans=(curve.span(int(zeros[0]), int(zeros[-1])),),
        values={"zero_points": len(zeros), "points": len(curve), "share": share, "step_kind": curve.series.step_kind},
    )


def _clipped(run: RunRecord, curve: Curve) -> Signal | None:
    """Norms are logged before clipping by torch.nn.utils.clip_grad_norm_ and all trainers that use it."""
    setting = run.setting(*CLIP_SETTINGS)
    limit = numeric(setting) or 0.0
    if setting is None or limit <= 0 or len(curve) < 10:
        return None
    share = float(np.mean(curve.values > limit))
    ratio = float(np.median(curve.values)) / limit
    if share < 0.95:
        return None
    return Signal(
        name="grad_clipped_always",
        text=f"Gradient norm (median {number(ratio * limit)}) is above the clipping threshold {number(limit)} at"
        f" {percent(share)}"
        f" of the logged points: every step is scaled down, typically {times(ratio)}.",
        value=ratio,
        # Norms a few times over the threshold are usual for large models; tenfold means that clipping sets the step.
        strength=0.4 if ratio < 10.0 else graded(ratio, 10.0, 100.0),
        spans=(curve.span(0, -1), setting.span),
        values={"threshold": limit, "median": ratio * limit, "ratio": ratio, "share": share},
    )


def _loss_scale(run: RunRecord) -> Signal | None:
    curve = quantity(run, "loss_scale")
    overflows = [event for event in run.events if event.name == "loss_scale_overflow"]
    minimum = next((event for event in run.events if event.name == "loss_scale_minimum"), None)
    if minimum is not None:
        return Signal(name="loss_scale_collapse",
            text=f"The loss scale reached its minimum: {minimum.message.strip()[:200]}",
                      spans=(minimum.span,), values={"overflows": sum(e.count for e in overflows)})  # fmt: skip
    by_curve = _scale_curve(curve) if curve is not None and len(curve) >= 3 else None
    return by_curve or (_scale_events(run, [(e.span, e.count) for e in overflows]) if overflows else None)


def _scale_curve(curve: Curve) -> Signal | None:
    falls = np.flatnonzero(np.diff(curve.values) < 0) + 1
    if not len(falls):
        return None
    start, end = float(curve.values[0]), float(curve.values[-1])
    late = bool(falls[-1] > max(SEARCH_STEPS, len(curve) // 2))
    collapsed = end <= 1.0 and float(curve.values.max()) / max(end, 1e-30) >= COLLAPSE
    if not collapsed and late:
        return None  # growth every 2,000 steps and a halving after it is how dynamic scaling works
    name = "loss_scale_collapse" if collapsed else "loss_scale_search"
    return Signal(
        name=name,
        text=f"Loss scale falls from {number(start)} to {number(end)} with {plural(len(falls), 'reduction')}, the"
        f" last at"
        f" {curve.place(int(falls[-1]))}.",
        value=end,
        step=curve.step(int(falls[0])),
        strength=1.0 if collapsed else 0.3,
        spans=(curve.span(int(falls[0]) - 1, int(falls[-1])),),
        values={"first": start, "last": end, "reductions": len(falls), "onset_step": curve.step(int(falls[0]))},
    )


def _scale_events(run: RunRecord, overflows: list[tuple[Span, int]]) -> Signal:
    """Overflow messages: a search while there are few, a collapse when they outnumber what a search can need."""
    count = sum(times_seen for _, times_seen in overflows)
    collapsed = count > SEARCH_STEPS
    loss = training_loss(run)
    steps = f" over {plural(len(loss), 'logged point')}" if loss is not None else ""
    told = "more than a search for a scale needs" if collapsed else "the normal search for a scale"
    return Signal(
        name="loss_scale_collapse" if collapsed else "loss_scale_search",
        text=f"{plural(count, 'fp16 overflow')} reported{steps}: {told} (at most {SEARCH_STEPS} halvings).",
        value=float(count),
        # Many overflows in a very long run can still be one after each growth of the scale.
        strength=0.7 if collapsed else 0.3,
        spans=tuple(span for span, _ in overflows[:3]),
        values={"overflows": count},
    )
