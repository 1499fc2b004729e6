"""Speed: steps that get slower, single steps that pause, and steps that wait for data."""

import re

import numpy as np
import numpy.typing as npt

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, chosen, pairs, quantity
from misrun.tools.signals.robust import change_point
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, percent, plural, times

# Half the speed; four times slower is beyond doubt. The change must be significant at 1 % (Pettitt).
SLOWER, SLOWER_SURE, P = 2.0, 4.0, 0.01
# More than half of the time in the loader: loading, not computing, sets the pace.
WAITING = 0.5
# A pause takes five times the usual step; at least three, in no more than a fifth of the steps, tell a rhythm from
# chance, and they count from a fifth of the run's time on (judgements; three fifths are beyond doubt).
PAUSE, FEWEST, OFTENEST, LOST, LOST_SURE = 5.0, 3, 0.2, 0.2, 0.6
# How programs call the time in the loader, and the time of computing where it is logged apart from it.
_PREFIX, _SUFFIX = r"(?:time[/_ .-])?", r"[_ /-]?(?:time|wait|s|sec|secs|seconds|ms)"
_DATA_TIME = re.compile(
    rf"{_PREFIX}(?:data|(?:data|data[_ ]?load(?:ing|er)?|load(?:ing|er)?|fetch(?:ing)?|batch[_ ]load(?:ing)?|io"
    rf"|wait(?:ing)?|input){_SUFFIX})"
)
_COMPUTE_TIME = re.compile(rf"{_PREFIX}(?:compute|computing|train|forward|gpu|model|step|iter|batch|fwd_bwd){_SUFFIX}")


def measure(run: RunRecord) -> list[Signal]:
    return [signal for signal in (_collapse(run), _pauses(run), _loader(run)) if signal]


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
    if p > P or ratio < SLOWER or (is_time and _is_clock(curve)):
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


def _pauses(run: RunRecord) -> Signal | None:
    """Single steps that take many times the usual one, apart from those beside an evaluation."""
    whole = quantity(run, "step_time")
    if whole is None or len(whole) < 30 or whole.series.step_kind != "step" or _is_clock(whole):
        return None
    curve = whole.slice(max(2, len(whole) // 20))  # the first steps compile and fill caches
    usual = float(np.median(curve.values))
    at = np.flatnonzero((curve.values > PAUSE * usual) & ~_beside_evaluation(run, curve))
    lost = float((curve.values[at] - usual).sum() / curve.values.sum()) if len(at) else 0.0
    if not FEWEST <= len(at) <= OFTENEST * len(curve) or lost < LOST:
        return None
    typical = float(np.median(curve.values[at]))
    return Signal(
        name="step_time_pauses",
        text=f"{plural(len(at), 'step')} of {len(curve)} take {number(typical)} where {number(usual)} is usual"
        f" ({curve.series.raw_name}), {percent(lost)} of the time in all, the first at {curve.place(int(at[0]))}.",
        value=lost,
        step=curve.step(int(at[0])),
        strength=graded(lost, LOST, LOST_SURE),
        spans=tuple(curve.span(int(i)) for i in at[:FEWEST]),
        values={"pauses": len(at), "usual": usual, "typical": typical, "share": lost,
                "onset_step": curve.step(int(at[0])), "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _beside_evaluation(run: RunRecord, curve: Curve) -> npt.NDArray[np.bool_]:
    """Which steps are an evaluation's or follow one: what it takes is often counted in."""
    evaluated = sorted({s for series in run.series if series.phase == "eval" for s in series.steps})
    if not evaluated:
        return np.zeros(len(curve), dtype=bool)
    near = np.searchsorted(curve.steps, evaluated)
    marked = np.zeros(len(curve) + 2, dtype=bool)
    marked[near] = marked[near + 1] = True
    return marked[: len(curve)]


def _is_clock(curve: Curve) -> bool:
    """A clock since the start rises at every step; a time "per step" is none, however steadily it rises."""
    per_step = "per" in curve.series.raw_name.lower() or "/" in curve.series.raw_name
    return not per_step and bool((np.diff(curve.values) > 0).mean() > 0.95)


def _slowdown(before: float, after: float, is_time: bool) -> float:
    slow, fast = (after, before) if is_time else (before, after)
    return slow / fast if fast > 0 else 0.0


def _loader(run: RunRecord) -> Signal | None:
    data = chosen(s for s in run.series if _DATA_TIME.fullmatch(s.name))
    compute = chosen(s for s in run.series if _COMPUTE_TIME.fullmatch(s.name) and s is not data)
    step = quantity(run, "step_time") or (Curve.of(compute) if compute is not None else None)
    if data is None or step is None or len(step) < 3:
        return None
    both = [(data.values[i], step.series.values[j]) for i, j in pairs(data, step.series)]
    shares = _shares(both)
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


def _shares(both: list[tuple[float, float]]) -> list[float]:
    """The loader's share of each step. Where it took longer than the step, the step is counted without it."""
    known = [(wait, whole) for wait, whole in both if whole > 0 and wait >= 0]
    apart = sum(wait > whole for wait, whole in known) > len(known) / 2
    return [wait / (wait + whole) if apart else wait / whole for wait, whole in known if apart or wait <= whole]
