"""Gradient norms (not finite, exploding, vanishing, zero, always clipped) and the fp16 loss scale."""

import math

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, chosen, place, quantity, training_loss
from misrun.tools.signals.robust import end_level, spread, start_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, numeric
from misrun.tools.signals.wording import number, percent, plural, times

# A tenfold rise over the run's own history is just an explosion, a hundredfold one is beyond doubt; it must also leave
# the history's range on the logarithm by 5 sigma (6e-7 under a normal distribution).
EXPLODING, SURE, EXPLODING_Z = 10.0, 100.0, 5.0
HISTORY = 50
# Adam's eps is 1e-8: with a million parameters a norm of 1e-5 is 1e-8 per coordinate, where eps swallows the update.
TINY = 1e-5
VANISHED = 1e-2
# The search for a loss scale: GradScaler starts at 2^16 and halves on overflow, so 20 halvings reach below 1/10.
SEARCH_STEPS = 20
# A scale that fell by 2^10 from its start and sits at 1 or below is at the end of its range.
COLLAPSE = 2.0**10
_CLIP_SETTINGS = (
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
            found += [_exploding(curve), _vanishing(run, curve), _zero(curve), _clipped(run, curve)]
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
    return Signal(
        name="grad_exploding",
        text=f"Gradient norm rises from a usual {number(baseline)} to {number(float(values[peak]))} at"
        f" {curve.place(peak)}"
        f" ({times(ratio)} as high{after}), starting at {curve.place(onset)}.",
        value=ratio,
        step=curve.step(onset),
        strength=0.3 if recovered else graded(ratio, EXPLODING, SURE),
        spans=(curve.span(max(0, onset - min(HISTORY, onset)), peak),),
        values={"baseline": baseline, "peak": float(values[peak]), "peak_step": curve.step(peak), "ratio": ratio,
                "recovered": recovered, "onset_step": curve.step(onset), "step_kind": curve.series.step_kind},
    )  # fmt: skip


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
    setting = run.setting(*_CLIP_SETTINGS)
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
