"""What the training loss does around its level: spikes, swings, saw-teeth, and jumps where a run was resumed."""

from dataclasses import dataclass

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, called, is_average, quantity, training_loss
from misrun.tools.signals.robust import (
    Floats,
    autocorrelation,
    blocks,
    noise,
    recent_z,
    running_median,
    spread,
    start_level,
    trend,
)
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, percent, plural, times

# z above the recent history. Losses of mini-batches have heavier tails than the normal distribution; for a Laplace
# distribution P(z > 10) is 4e-5 per point, and the jump must also be half the level, which tail noise is not.
SPIKE_Z, SPIKE_RATIO = 10.0, 1.5
# ...and be at least a tenth of the first losses.
LEAST = 0.1
# Before so many points there is no history to leave.
HISTORY = 5
# Swings: robust spread of at least a quarter of the level, reaching back up to (nearly) the start.
SWING, BACK_UP = 0.25, 0.9
# Waves of a loss that has come down: each point is close to the one before (noise of batches has no correlation there),
# the upper tenth stands at twice the lower (averages of batches reach 1.4), at least four waves (eight crossings of the
# trend), and the last half of them keeps 0.7 of the first half's reach. Momentum makes such waves (Goh, "Why momentum
# really works", Distill 2017, https://distill.pub/2017/momentum/); the figures are judgements.
WAVE_CLOSE, WAVE_REACH, CROSSINGS, WAVE_LASTS = 0.7, 2.0, 8, 0.7
# Crossings by less than this share of the spread are wobble at the trend.
WOBBLE = 0.25
# A level of less than half of the first values is a loss that has come down.
FELL = 0.5
# A repeated pattern explains at least half of what varies (autocorrelation 0.5 at its lag).
PATTERN = 0.5
# Half of what a clean saw-tooth or one peak in five points has (see _is_tooth).
SKEWED = 0.75
# Single batches of a fresh model differ by less than a factor of 3; tenfold is the step's doing beyond doubt.
EARLY, EARLY_SURE = 3.0, 10.0
# A resume jump is at least a tenth of the level and 4 sigma of the points before it.
JUMP, JUMP_Z = 1.1, 4.0


def measure(run: RunRecord, task: Task) -> list[Signal]:
    loss = training_loss(run)
    if loss is None or not task.descending:
        return []
    resumed = _resumes(run, loss)
    found = [_resume_jump(loss, resumed), _spike(loss, resumed), _early_jump(loss), *_swings(run, loss)]
    return [signal for signal in found if signal]


def _resumes(run: RunRecord, loss: Curve) -> tuple[int, ...]:
    """Points before which the run was resumed: the step counter went back, or the log says so."""
    points = set(loss.restarts)
    lines = [
        event.span.first for event in run.events if event.name == "resumed" and event.span.file == loss.series.file
    ]
    for line in lines:
        after = [i for i in range(1, len(loss)) if loss.series.lines[loss.index[i]] > line]
        points |= {after[0]} if after else set()
    return tuple(sorted(points))


def _resume_jump(loss: Curve, resumed: tuple[int, ...]) -> Signal | None:
    """The largest upward jump at a resume; the level before is that of the last points, after it of the first ones."""
    jumps = []
    for at in resumed:
        before, after = loss.values[max(0, at - HISTORY) : at], loss.values[at : at + HISTORY]
        old, new = float(np.median(before)), float(np.median(after))
        sigma = noise(loss.values[max(0, at - 50) : at])
        if len(before) >= 2 and len(after) >= 2 and new > JUMP * old and new - old > JUMP_Z * sigma:
            jumps.append((new - old, at, old, new))
    if not jumps:
        return None
    _, at, old, new = max(jumps)
    return Signal(
        name="loss_jump_at_resume",
        text=f"{called(loss.series)} jumps from {number(old)} to {number(new)} where the run was resumed (after"
        f" {loss.place(at - 1)},"
        f" at {loss.place(at)}).",
        value=new / old if old else None,
        step=loss.step(at),
        strength=graded(new / old, JUMP, 2.0) if old > 0 else 0.7,
        spans=(loss.span(max(0, at - HISTORY), at - 1), loss.span(at, min(at + HISTORY, len(loss)) - 1)),
        values={"before": old, "after": new, "onset_step": loss.step(at), "step_kind": loss.series.step_kind},
    )


def _early_jump(loss: Curve) -> Signal | None:
    """In the first fifth of the run the loss rises to several times its first value: the first steps made it worse."""
    first, early = float(loss.values[0]), loss.values[: max(3, len(loss) // 5)]
    at = int(np.argmax(early))
    # Whole epochs are means, and a first point late in the run is no start.
    shown = loss.series.step_kind == "step" and loss.step(0) <= max(10.0, 0.05 * loss.step(-1))
    if len(loss) < 10 or not shown or first <= 0.0 or float(early[at]) < EARLY * first:
        return None
    # Losses of single samples differ by such factors all along.
    if loss.values.min() > 0.0 and np.log(float(early[at]) / first) < JUMP_Z * noise(np.log(loss.values)):
        return None
    return Signal(
        name="loss_early_jump",
        text=f"{called(loss.series)} rises from {number(first)} at {loss.place(0)} to {number(float(early[at]))} at"
        f" {loss.place(at)} ({times(float(early[at]) / first)}), at the very beginning of the run.",
        value=float(early[at]) / first,
        step=loss.step(at),
        strength=graded(float(early[at]) / first, EARLY, EARLY_SURE),
        spans=(loss.span(0, at),),
        values={
            "first": first,
            "peak": float(early[at]),
            "onset_step": loss.step(at),
            "step_kind": loss.series.step_kind,
        },
    )


@dataclass(frozen=True)
class _Spike:
    """A cluster of points above the recent history: its first point, its peak, the level before, and if it came
    back.
    """

    first: int
    peak: int
    base: float
    recovered: bool


def _spikes(loss: Curve, resumed: tuple[int, ...]) -> list[_Spike]:
    values = loss.values
    # Only points that jump from their predecessor can open a spike: a cheap filter for long logs.
    jumps = np.flatnonzero(np.diff(values) > 3 * noise(values)) + 1
    found: list[_Spike] = []
    done = HISTORY
    for at in (int(i) for i in jumps):
        if at < done or any(0 <= at - resume < HISTORY for resume in resumed):
            continue
        z, base, sigma = recent_z(values, at)
        if z > SPIKE_Z and values[at] > base + (SPIKE_RATIO - 1.0) * abs(base):
            spike, done = _followed(values, at, base, sigma)
            found.append(spike)
    # Against the start of learning: a converged loss near 0 jumps by large factors and small amounts.
    least = LEAST * float(values[:3].max())
    return [spike for spike in found if values[spike.peak] - spike.base >= least]


def _followed(values: Floats, at: int, base: float, sigma: float) -> tuple[_Spike, int]:
    """The spike that opens at `at` until the loss is back within 3 sigma of its level, and the first point after it."""
    back = np.flatnonzero(values[at:] <= base + 3 * sigma)
    end = at + int(back[0]) if len(back) else len(values)
    return _Spike(at, at + int(np.argmax(values[at:end])), base, bool(len(back))), end + 1


def _spike(loss: Curve, resumed: tuple[int, ...]) -> Signal | None:
    spikes = _spikes(loss, resumed) if len(loss) > HISTORY else []
    if not spikes:
        return None
    worst = max(spikes, key=lambda s: (not s.recovered, loss.values[s.peak] - s.base))
    peak = float(loss.values[worst.peak])
    ratio = peak / worst.base if worst.base > 0 else None
    factor = f" ({times(ratio)} as high)" if ratio else ""
    others = f"; {plural(len(spikes), 'such spike')} in all" if len(spikes) > 1 else ""
    after = "and comes back" if worst.recovered else "and does not come back"
    return Signal(
        name="loss_spike",
        text=f"{called(loss.series)} jumps from {number(worst.base)} to {number(peak)} at {loss.place(worst.peak)}"
        f"{factor} {after}{others}.",
        value=peak,
        step=loss.step(worst.first),
        strength=_spike_strength(worst, spikes, loss.values),
        spans=(loss.span(max(0, worst.first - HISTORY), worst.peak),),
        values={"base": worst.base, "peak": peak, "ratio": ratio, "recovered": worst.recovered, "count": len(spikes),
                "onset_step": loss.step(worst.first), "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _spike_strength(worst: _Spike, spikes: list[_Spike], values: Floats) -> float:
    """Recovered spikes are noise of training unless they keep coming: over 3 % of the points, and at least 3."""
    if worst.recovered:
        return 0.5 if len(spikes) >= max(3, len(values) // 33) else 0.3
    if len(values) - worst.first >= 3:
        return 0.8
    # The log ends before it could come back: only a tenfold jump speaks for itself.
    return 0.6 if values[worst.peak] >= 10.0 * abs(worst.base) else 0.4


@dataclass(frozen=True)
class _Pattern:
    """A repeated pattern: period in points, autocorrelation there, amplitude in the second half, and if a saw-tooth."""

    period: int
    correlation: float
    amplitude: float
    tooth: bool


def _pattern(values: Floats) -> _Pattern | None:
    """The shortest period at which the detrended curve repeats itself, with at least four repetitions."""
    if len(values) < 24:
        return None
    # Noise and swings of a positive loss are proportional to its level: on the logarithm they keep their size.
    scaled = np.log(values) if values.min() > 0 else values
    rest = scaled - running_median(scaled, max(9, len(values) // 4))
    # Clipping at 4 sigma keeps one spike from making or hiding a pattern.
    limit = 4 * spread(rest)
    rest = np.clip(rest, -limit, limit)
    longest = len(values) // 4
    correlations = autocorrelation(rest, longest + 1)
    # An aperiodic curve stays below 4/sqrt(n) (Bartlett); slow wandering is high at lag 1 and falls without a peak.
    needed = max(PATTERN, 4 / np.sqrt(len(values)))
    lags = [k for k in range(2, longest + 1) if _is_peak(correlations, k) and correlations[k] > needed]
    if not lags:
        return None
    best = max(correlations[k] for k in lags)
    period = next(k for k in lags if correlations[k] > 0.9 * best)
    late = values[len(values) // 2 :]
    amplitude = float(np.quantile(late, 0.95) - np.quantile(late, 0.05))
    return _Pattern(period, float(correlations[period]), amplitude, _is_tooth(rest, values, period))


def _is_peak(correlations: Floats, lag: int) -> bool:
    """A local maximum that was left in between: the correlation dipped well below it at a shorter lag."""
    local = correlations[lag] >= correlations[lag - 1] and correlations[lag] >= correlations[lag + 1]
    return bool(local and correlations[1:lag].min() < 0.5 * correlations[lag])


def _is_tooth(rest: Floats, values: Floats, period: int) -> bool:
    """Slow one way and sudden back, or rare peaks: the moves over an eighth of the period, or the values, are skewed.

    A sine has skewness 0 in both, and noise pulls towards 0; a saw-tooth without noise has moves of skewness 2.3 (7
    small ones, 1 large), and one peak in 5 points values of skewness 1.5.
    """
    if period < 4:
        return False
    bins = blocks(rest, max(1, 16 * len(rest) // period))
    moves = bins[2:] - bins[:-2] if period >= 16 else np.diff(bins)
    return abs(_skewness(moves)) > SKEWED or _skewness(values[len(values) // 2 :]) > 2 * SKEWED


def _skewness(values: Floats) -> float:
    scale = float(values.std())
    return float(((values - values.mean()) ** 3).mean()) / scale**3 if scale > 0 else 0.0


def _swings(run: RunRecord, loss: Curve) -> list[Signal]:
    """A saw-tooth, a regular swing, or wide swings without a pattern: at most one of them."""
    pattern = _pattern(loss.values)
    if pattern and (
        pattern.amplitude < 0.05 * abs(float(np.median(loss.values))) or _cyclic_rate(run, len(loss), pattern.period)
    ):
        return []
    if pattern and pattern.tooth:
        return [_periodic(run, loss, pattern)]
    found = _regular_swing(loss, pattern) if pattern else _wide_swing(loss)
    found = found or _waves(run, loss)
    return [found] if found else []


def _waves(run: RunRecord, loss: Curve) -> Signal | None:
    """Slow waves in the second half about a level that came down: the weights run past the minimum and back."""
    late = loss.slice(len(loss) // 2)
    if len(late) < 40 or late.values.min() <= 0 or is_average(loss.series):
        return None
    # About the straight line through the logarithms: what is left of learning is no swing.
    steps = np.arange(len(late), dtype=float)
    scaled = np.log(late.values)
    rest = scaled - np.polyval(np.polyfit(steps, scaled, 1), steps)
    first, last = np.array_split(rest, 2)
    close, crossings = float(autocorrelation(rest, 2)[1]), _crossings(rest)
    wide = _reach(rest) >= np.log(WAVE_REACH) and _reach(last) >= WAVE_LASTS * _reach(first)
    if close < WAVE_CLOSE or crossings < CROSSINGS or not wide:
        return None
    period = round(2 * len(late) / crossings)
    if period < 4 or _cyclic_rate(run, len(loss), period):
        return None
    low, high = np.quantile(late.values, [0.05, 0.95])
    return _oscillation(loss, late, float(np.median(late.values)), float(high - low), period)


def _crossings(rest: Floats) -> int:
    sides = np.sign(rest[np.abs(rest) > WOBBLE * rest.std()])
    return int((sides[1:] != sides[:-1]).sum())


def _cyclic_rate(run: RunRecord, points: int, period: int) -> bool:
    """Whether the learning rate goes up and down with the same period: the loss then follows it by design."""
    rate = quantity(run, "lr")
    if rate is None or len(rate) < 4:
        return False
    rising = np.diff(rate.values) > 0
    starts = np.flatnonzero(rising[1:] & ~rising[:-1])
    cycle = float(np.median(np.diff(starts))) * points / len(rate) if len(starts) >= 2 else 0.0
    return abs(cycle - period) <= 0.25 * period


def _epoch_length(run: RunRecord, loss: Curve) -> float | None:
    """Logged points per epoch, from an epoch series beside the loss or from epochs as steps."""
    if loss.series.step_kind == "epoch" and len(loss) > 1:
        gap = float(np.median(np.diff(loss.steps)))
        return 1.0 / gap if 0 < gap < 1 else None
    epoch = quantity(run, "epoch", "train")
    covered = float(epoch.values.max() - epoch.values.min()) if epoch is not None and len(epoch) > 3 else 0.0
    return len(loss) / covered if covered >= 2 else None


def _periodic(run: RunRecord, loss: Curve, pattern: _Pattern) -> Signal:
    epoch = _epoch_length(run, loss)
    matches = epoch is not None and abs(epoch - pattern.period) <= 0.1 * epoch
    steps = float(np.median(np.diff(loss.steps))) * pattern.period
    average = is_average(loss.series)
    told = ", once per epoch" if matches else ""
    return Signal(
        name="loss_periodic",
        text=f"{called(loss.series)} repeats itself every {pattern.period} logged points ({number(steps)}"
        f" {loss.series.step_kind}s{told}) with an amplitude of {number(pattern.amplitude)}"
        + (", as running averages do that restart every epoch." if average else "."),
        value=steps,
        step=loss.step(0),
        # Averages that restart each epoch look like this on any healthy run.
        strength=0.3 if average else 0.8 if matches else 0.6,
        spans=(loss.span(0, -1),),
        values={"period_points": pattern.period, "period_steps": steps, "amplitude": pattern.amplitude,
                "correlation": pattern.correlation, "epoch_period": matches, "running_average": average},
    )  # fmt: skip


def _regular_swing(loss: Curve, pattern: _Pattern) -> Signal | None:
    late = loss.slice(len(loss) // 2)
    level = float(np.median(late.values))
    rest = loss.values - running_median(loss.values, max(9, len(loss) // 4))
    early, last = np.array_split(rest, 2)
    if level <= 0.05 * abs(start_level(loss.values)) or _reach(last) < 0.7 * _reach(early):
        return None
    return _oscillation(loss, late, level, pattern.amplitude, pattern.period)


def _reach(values: Floats) -> float:
    """From the lower to the upper tenth; the MAD would depend on which of two levels the median falls on."""
    return float(np.quantile(values, 0.9) - np.quantile(values, 0.1))


def _wide_swing(loss: Curve) -> Signal | None:
    """Swings of the second half that reach back to the start and do not shrink, about a level that is no longer
    falling.
    """
    if len(loss) < 10:
        return None
    late = loss.slice(len(loss) // 2)
    level, start = float(np.median(late.values)), start_level(loss.values)
    wide = spread(late.values) > SWING * abs(level)
    back_up = float(np.quantile(late.values, 0.9)) >= BACK_UP * start
    early, last = np.array_split(loss.values, 2)
    # Noise in proportion to a level that came down is no swing about where the run began; a start that the late
    # swings reach again is one of them.
    begun = float(loss.values[:3].max())
    fell = level < FELL * begun and begun > float(late.values.max())
    if not wide or not back_up or fell or trend(late.values) != 0 or noise(last) < 0.5 * noise(early):
        return None
    low, high = np.quantile(late.values, [0.05, 0.95])
    return _oscillation(loss, late, level, float(high - low), None)


def _oscillation(loss: Curve, late: Curve, level: float, amplitude: float, period: int | None) -> Signal:
    every = f" every {period} logged points" if period else ""
    return Signal(
        name="loss_oscillation",
        text=f"{called(loss.series)} swings{every} about {number(level)} with an amplitude of {number(amplitude)}"
        f" ({percent(amplitude / level) if level > 0 else 'of any size'}) that does not shrink from {late.place(0)} to"
        f" {late.place(-1)}.",
        value=amplitude,
        step=loss.step(0),
        strength=graded(amplitude / abs(level), 0.2, 1.5) if level else 0.5,
        spans=(late.span(0, -1),),
        values={"level": level, "amplitude": amplitude, "period_points": period, "step_kind": loss.series.step_kind},
    )
