"""Training losses that shot up by orders of magnitude and came back: what follows is recovery, not learning."""

from dataclasses import dataclass

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, called, training_loss
from misrun.tools.signals.robust import Floats, end_level, spread
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, times

# Two orders of magnitude over everything before, and four are beyond doubt. Alone that is not enough: a converged loss
# near 0 jumps by thousands of times (2,719 in tests/data/signals/healthy_clipped.csv).
SHOT_UP, SHOT_UP_SURE = 100.0, 10_000.0
# So it must be ten times the first value as well (5 is the most in the healthy curves there), and 5 sigma above what
# came before on the logarithm.
OVER_START, OVER_Z = 10.0, 5.0
# Back: a tenth of the peak. A loss that stays up there is a divergence.
BACK = 0.1
# Something had been learned before it: 5 %, the least that `loss_improving` calls an improvement.
LEARNED = 0.95
# A new best by a tenth is learning that goes on; less is the noise of the lowest point before.
SURVIVED = 0.9
# A burst is over after two logged points, and five of them are back within a quarter of the five before.
BURST, LEVEL, SAME, CALM = 2, 5, 1.25, 10.0


@dataclass(frozen=True)
class BlowUp:
    """The lowest point before the peak, the peak, the level at the end, and whether learning survived: the loss had
    come down before the blow-up and ends below where it stood."""

    low_at: int
    low: float
    peak_at: int
    peak: float
    end: float
    survived: bool


def blow_up(curve: Curve) -> BlowUp | None:
    """The highest point of a positive loss, if it lies far above all before it and the loss came back."""
    values = curve.values
    peak_at = int(np.argmax(values)) if len(values) >= 4 else 0
    before = values[:peak_at]
    if not peak_at or float(before.min()) <= 0.0:
        return None
    low_at, peak, end = int(np.argmin(before)), float(values[peak_at]), end_level(values)
    low, first = float(before[low_at]), float(values[0])
    logs = np.log(before)
    clear = float(np.log(peak) - np.median(logs)) > OVER_Z * spread(logs) or peak > SHOT_UP_SURE * first
    if peak < max(SHOT_UP * low, OVER_START * first) or not clear or end > BACK * peak:
        return None
    survived = low < LEARNED * first and (end < SURVIVED * low or _is_burst(values, peak_at))
    return BlowUp(low_at, low, peak_at, peak, end, survived=survived)


def _is_burst(values: Floats, peak_at: int) -> bool:
    """A point or two far above, and right after them the level of before: one bad batch whose step did no harm."""
    before, after = values[max(0, peak_at - LEVEL) : peak_at], values[peak_at + BURST : peak_at + BURST + LEVEL]
    if len(before) < LEVEL or len(after) < LEVEL:
        return False
    level = float(np.median(before))
    calm = max(float(before.max()), float(after.max())) <= CALM * level
    return calm and float(np.median(after)) <= SAME * level


def measure(run: RunRecord, task: Task) -> list[Signal]:
    loss = training_loss(run) if task.descending else None
    found = blow_up(loss) if loss is not None else None
    return [_signal(loss, found)] if loss is not None and found is not None else []


def _signal(loss: Curve, found: BlowUp) -> Signal:
    ratio, first = found.peak / found.low, float(loss.values[0])
    onset = found.low_at + int(np.argmax(loss.values[found.low_at : found.peak_at + 1] > OVER_START * found.low))
    return Signal(
        name="loss_blow_up",
        text=f"{called(loss.series)} shoots up from {number(found.low)} at {loss.place(found.low_at)} to"
        f" {number(found.peak)} at {loss.place(found.peak_at)} ({times(ratio)} as high) and comes back to"
        f" {number(found.end)}; it started at {number(first)}.",
        value=found.peak,
        step=loss.step(onset),
        # Training that went on to a new best level afterwards got over it.
        strength=0.25 if found.survived else graded(ratio, SHOT_UP, SHOT_UP_SURE),
        spans=(loss.span(found.low_at, found.peak_at), loss.span(-1)),
        values={"before": found.low, "peak": found.peak, "ratio": ratio, "end": found.end, "first": first,
                "peak_step": loss.step(found.peak_at), "survived": found.survived, "onset_step": loss.step(onset),
                "series": loss.series.raw_name, "step_kind": loss.series.step_kind},
    )  # fmt: skip
