"""Memory: steady growth, one jump, or high and stable."""

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import blocks, end_level, noise, start_level, theil_sen, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, percent, plural

# Growth of a twentieth: allocators fill their caches with about that much in the first steps. Twice the start is sure.
GROWN, GROWN_SURE = 1.05, 2.0
# A leak goes on: the second half grows at no less than a third of the first half's rate, and most tenths of the run
# contribute. A cache or a peak counter (max_memory_allocated) saturates.
GOES_ON, TENTHS = 1 / 3, 0.6
# A straight line explains at least 95 % of what varies over twenty points or more: a leak adds the same every step.
# Caches, longer batches and fragmentation grow in bursts; a line through a random walk rarely explains 95 %.
STEADY, STEADY_POINTS = 0.95, 20
# One step that makes more than half of the whole range, and a quarter of the level, is a jump.
JUMP_SHARE, JUMP = 0.5, 1.25
# CUDA itself and fragments take the rest: above 90 % of the device the next larger batch does not fit.
HIGH = 0.9
# Ten TiB in MiB: no device holds more, so larger numbers are bytes. And no device holds a TiB, so a larger number
# under a name that ends in GB has been converted by its reader already.
BYTES, LARGEST_GIB = 1e7, 1024.0


def measure(run: RunRecord) -> list[Signal]:
    curves = [curve for series in _memory_series(run) if len(curve := in_mib(series)) >= 3]
    for curve in curves:
        found = _jump(curve) or _growth(run, curve) or _high(run, curve)
        if found:
            return [found]
    return []


def _memory_series(run: RunRecord) -> list[Series]:
    """The best series of each raw name: device memory and host RSS are different things and both may grow."""
    names = dict.fromkeys(s.raw_name for s in run.named("memory"))
    best = (chosen(s for s in run.named("memory") if s.raw_name == name) for name in names)
    return [series for series in best if series]


def in_mib(series: Series) -> Curve:
    """The curve in MiB, by the unit in its raw name; numbers too large for MiB are bytes."""
    curve, name = Curve.of(series), series.raw_name.lower()
    largest = float(np.abs(curve.values).max()) if len(curve) else 0.0
    if ("gb" in name or "gib" in name) and largest < LARGEST_GIB:
        scale = 1024.0
    elif largest > BYTES:
        scale = 2.0**-20
    else:
        scale = 2.0**-10 if "kb" in name or "kib" in name else 1.0
    return Curve(series, curve.steps, curve.values * scale, curve.index)


def capacity_mib(run: RunRecord) -> float | None:
    """Memory of the device, from the environment or from an out-of-memory message."""
    for fact in run.environment:
        if fact.name == "gpu_memory_mib":
            try:
                return float(fact.value)
            except ValueError:
                continue
    totals = (event.values.get("total_mib") for event in run.events)
    return next((float(total) for total in totals if isinstance(total, int | float)), None)


def _is_host(series: Series) -> bool:
    return any(word in series.raw_name.lower() for word in ("rss", "host", "cpu", "ram"))


def _growth(run: RunRecord, curve: Curve) -> Signal | None:
    if len(curve) < 5 or trend(curve.values) <= 0 or not _goes_on(curve):
        return None
    slope = theil_sen(curve.steps, curve.values)
    first, last = float(curve.values[0]), float(curve.values[-1])
    settled = start_level(_settled(curve).values)
    ratio = end_level(curve.values) / settled if settled > 0 else float("inf")
    if ratio < GROWN or slope <= 0:
        return None
    steady = _steadiness(curve)
    capacity = None if _is_host(curve.series) else capacity_mib(run)
    until = (capacity - last) / slope if capacity and capacity > last else None
    full = (
        f"; the {number(capacity)} MiB of the device are full after {number(until)} more" if capacity and until else ""
    )
    return Signal(
        name="memory_growth",
        text=f"Memory ({curve.series.raw_name}) grows from {number(first)} to {number(last)} MiB, {number(slope)}"
        f" MiB per"
        f" {curve.series.step_kind}, from {curve.place(0)} to {curve.place(-1)} (a straight line explains"
        f" {percent(steady)} of it){full}.",
        value=slope,
        unit="MiB",
        step=curve.step(0),
        strength=_growth_strength(ratio, steady, len(curve)),
        spans=(curve.span(0), curve.span(-1), curve.span(0, -1)),
        values={"slope_mib_per_step": slope, "steadiness": steady, "mib_first": first, "mib_last": last,
                "ratio": ratio, "points": len(curve), "capacity_mib": capacity, "steps_until_full": until,
                "host": _is_host(curve.series), "onset_step": curve.step(0), "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _steadiness(curve: Curve) -> float:
    """R² of a straight line through the settled points (medians of up to 24 blocks): 0 none, 1 the same every step."""
    settled = _settled(curve)
    steps, values = blocks(settled.steps), blocks(settled.values)
    if float(np.ptp(steps)) == 0.0 or float(np.ptp(values)) == 0.0:
        return 0.0
    return float(np.corrcoef(steps, values)[0, 1] ** 2)


def _growth_strength(ratio: float, steady: float, points: int) -> float:
    """By the size of the growth; a steady one is beyond doubt at any size, an unsteady one never is."""
    by_size = graded(ratio, GROWN, GROWN_SURE)
    if steady >= STEADY and points >= STEADY_POINTS:
        return max(by_size, 0.9)
    return by_size if steady >= STEADY else min(by_size, 0.8)


def _settled(curve: Curve) -> Curve:
    """Without the first tenth, at least one point: caches and optimizer states fill there."""
    return curve.slice(max(1, len(curve) // 10))


def _goes_on(curve: Curve) -> bool:
    """Whether the growth is spread over the run."""
    settled = _settled(curve)
    half = len(settled) // 2
    early, late = (theil_sen(p.steps, p.values) for p in (settled.slice(0, half), settled.slice(half)))
    parts = np.array([part.mean() for part in np.array_split(settled.values, min(10, len(settled)))])
    rising = float(np.mean(np.diff(parts) > 0))
    return late > 0 and late >= GOES_ON * early and rising >= TENTHS


def _jump(curve: Curve) -> Signal | None:
    moves = np.diff(curve.values)
    at = int(np.argmax(moves)) + 1
    old, new = float(np.median(curve.values[max(0, at - 5) : at])), float(curve.values[at])
    reach = float(np.ptp(curve.values))
    # The first steps fill caches and build optimizer states.
    early = at < max(2, len(curve) // 20)
    if (
        early
        or old <= 0
        or new < JUMP * old
        or moves[at - 1] < JUMP_SHARE * reach
        or new - old < 4 * noise(curve.values)
    ):
        return None
    after = float(np.median(curve.values[at:]))
    stays = after > old + 0.5 * (new - old)
    return Signal(
        name="memory_jump",
        text=f"Memory ({curve.series.raw_name}) jumps from {number(old)} to {number(new)} MiB at {curve.place(at)}"
        f" and {'stays there' if stays else 'comes back'}.",
        value=new - old,
        unit="MiB",
        step=curve.step(at),
        strength=graded(new / old, JUMP, 2.0),
        spans=(curve.span(at - 1, at),),
        values={"mib_before": old, "mib_after": new, "ratio": new / old, "stays": stays, "onset_step": curve.step(at),
                "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _high(run: RunRecord, curve: Curve) -> Signal | None:
    capacity = None if _is_host(curve.series) else capacity_mib(run)
    top = float(np.median(curve.values))
    if not capacity or not HIGH <= top / capacity <= 1.0:
        return None
    return Signal(
        name="memory_high_stable",
        text=f"Memory ({curve.series.raw_name}) stays at {number(top)} of {number(capacity)} MiB"
        f" ({percent(top / capacity)}) over"
        f" {plural(len(curve), 'logged point')} without growing.",
        value=top / capacity,
        strength=0.5,
        spans=(curve.span(0, -1),),
        values={"mib_last": float(curve.values[-1]), "capacity_mib": capacity, "share": top / capacity},
    )
