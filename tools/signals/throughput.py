"""Speed: steps that get slower, and steps that wait for data."""

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, chosen, pairs, quantity
from misrun.tools.signals.robust import change_point
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, percent, times

# Half the speed; four times slower is beyond doubt. The change must be significant at 1 % (Pettitt).
SLOWER, SLOWER_SURE, P = 2.0, 4.0, 0.01
# More than half of the time in the loader: loading, not computing, sets the pace.
WAITING = 0.5
_DATA_TIME = ("data_time", "data time", "data", "dataload_time", "data_loading_time", "loader_time", "batch_load_time",
              "data_wait", "time/data")  # fmt: skip


def measure(run: RunRecord) -> list[Signal]:
    return [signal for signal in (_collapse(run), _loader(run)) if signal]


def _seconds(run: RunRecord) -> tuple[Curve, bool] | None:
    """Training speed as a curve and whether larger means slower."""
    rate = chosen(s for s in run.named("throughput") if "eval" not in s.raw_name and "test" not in s.raw_name)
    time = chosen(s for s in run.named("step_time") if "eval" not in s.raw_name)
    series = chosen(s for s in (rate, time) if s is not None)
    return (Curve.of(series), series is time) if series else None


def _collapse(run: RunRecord) -> Signal | None:
    found = _seconds(run)
    if found is None or len(found[0]) < 10:
        return None
    whole, is_time = found
    curve = whole.slice(len(whole) // 10)  # compilation and cache warm-up
    at, p = change_point(curve.values)
    before, after = float(np.median(curve.values[:at])), float(np.median(curve.values[at:]))
    ratio = _slowdown(before, after, is_time)
    # A cumulative clock rises at every step; then "slower" would mean nothing.
    if p > P or ratio < SLOWER or (is_time and bool((np.diff(curve.values) > 0).mean() > 0.95)):
        return None
    return Signal(
        name="throughput_collapse",
        text=f"Training gets {times(ratio)} slower at {curve.place(at)}: {curve.series.raw_name} goes from"
        f" {number(before)} to"
        f" {number(after)}.",
        value=ratio,
        step=curve.step(at),
        strength=graded(ratio, SLOWER, SLOWER_SURE),
        spans=(curve.span(0, at - 1), curve.span(at, -1)),
        values={"before": before, "after": after, "ratio": ratio, "p": p, "onset_step": curve.step(at),
                "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _slowdown(before: float, after: float, is_time: bool) -> float:
    slow, fast = (after, before) if is_time else (before, after)
    return slow / fast if fast > 0 else 0.0


def _loader(run: RunRecord) -> Signal | None:
    data = chosen(s for s in run.series if s.name in _DATA_TIME)
    step = quantity(run, "step_time")
    if data is None or step is None or len(step) < 3:
        return None
    both = [(data.values[i], step.series.values[j]) for i, j in pairs(data, step.series)]
    shares = [wait / whole for wait, whole in both if whole > 0 and 0 <= wait <= whole]
    share = float(np.median(shares)) if len(shares) >= 3 else 0.0
    if share < WAITING:
        return None
    return Signal(
        name="loader_bound",
        text=f"Loading data takes {percent(share)} of the step time (median of {len(shares):,} logged points).",
        value=share,
        strength=graded(share, WAITING, 0.9),
        spans=(data.span(0, -1), step.span(0, -1)),
        values={"share": share, "points": len(shares)},
    )
