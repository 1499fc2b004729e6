"""The statistics every signal is measured with: robust, scale-free, and usable from three points to hundreds of
thousands.

All functions take one-dimensional arrays of finite numbers in the order they were logged.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# 1 / Phi^-1(3/4): makes the median absolute deviation estimate the standard deviation of a normal distribution
# (Rousseeuw & Croux 1993, "Alternatives to the Median Absolute Deviation", section 1).
MAD_TO_SIGMA = 1.4826
# Two-sided 1 % quantile of the normal distribution: the significance level of every trend statement.
Z_ONE_PERCENT = 2.576
# Tests of trend run on at most this many block medians: consecutive training losses are correlated (shared weights,
# running averages), and a test on all points would call their slow wandering a trend. 24 blocks still detect a
# monotone trend with noise of the size of the whole trend (Mann-Kendall power > 0.9).
TREND_BLOCKS = 24
# Below this length the Mann-Kendall statistic cannot reach 1 % (n = 5: |z| <= 2.2).
SHORTEST_TEST = 8


def spread(values: Floats) -> float:
    """Standard deviation estimated by the median absolute deviation; 0 for fewer than two points."""
    return float(MAD_TO_SIGMA * np.median(np.abs(values - np.median(values)))) if len(values) > 1 else 0.0


def noise(values: Floats) -> float:
    """Standard deviation of point-to-point noise, untouched by a trend: MAD of the differences over sqrt(2).

    Difference-based variance estimation (von Neumann 1941; Gasser, Sroka & Jennen-Steinmetz 1986), with the median in
    place of the mean. 0 for fewer than three points.
    """
    return spread(np.diff(values)) / math.sqrt(2.0) if len(values) > 2 else 0.0


def blocks(values: Floats, count: int = TREND_BLOCKS) -> Floats:
    """Medians of `count` equally long consecutive blocks, or the values themselves when there are no more."""
    if len(values) <= count:
        return values
    return np.array([np.median(block) for block in np.array_split(values, count)])


def edge(count: int) -> int:
    """How many points at either end stand for "the start" and "the end" of a series: a tenth, between 1 and 50."""
    return max(1, min(50, count // 10))


def start_level(values: Floats) -> float:
    """Median of the first tenth (at most 50 points)."""
    return float(np.median(values[: edge(len(values))]))


def end_level(values: Floats) -> float:
    """Median of the last tenth (at most 50 points)."""
    return float(np.median(values[-edge(len(values)) :]))


def theil_sen(steps: Floats, values: Floats) -> float:
    """Median of all pairwise slopes (Sen 1968), on at most 300 block medians; 0 when no two steps differ."""
    x, y = blocks(steps, 300), blocks(values, 300)
    rows, columns = np.triu_indices(len(x), k=1)
    run = x[columns] - x[rows]
    moved = run != 0
    return float(np.median((y[columns] - y[rows])[moved] / run[moved])) if moved.any() else 0.0


def mann_kendall(values: Floats) -> float:
    """z of the Mann-Kendall trend test with correction for ties (Kendall 1975; Gilbert 1987, section 16.4.2)."""
    y = blocks(values)
    n = len(y)
    rows, columns = np.triu_indices(n, k=1)
    score = float(np.sign(y[columns] - y[rows]).sum())
    ties = np.unique(y, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18.0
    return (score - math.copysign(1.0, score)) / math.sqrt(variance) if score and variance > 0 else 0.0


def trend(values: Floats) -> int:
    """-1 falling, 1 rising, 0 neither, at 1 %.

    Series too short for the test (3 to 7 points) have a trend when at most every fifth step goes the other way and the
    whole change is more than the largest step against it; two points or fewer never have one.
    """
    if len(values) >= SHORTEST_TEST:
        z = mann_kendall(values)
        return int(math.copysign(1, z)) if abs(z) > Z_ONE_PERCENT else 0
    if len(values) < 3:
        return 0
    return _short_trend(values)


def _short_trend(values: Floats) -> int:
    moves = np.diff(values)
    change = float(values[-1] - values[0])
    against = moves[np.sign(moves) != np.sign(change)]
    steady = len(against) <= len(moves) // 5 and (not len(against) or abs(change) > np.abs(against).max())
    return int(np.sign(change)) if change and steady else 0


def change_point(values: Floats) -> tuple[int, float]:
    """Index of the first point after the most likely change of level, and its p value (Pettitt 1979).

    The approximation p = 2 exp(-6 K^2 / (n^3 + n^2)) holds for p below about 0.5.
    """
    n = len(values)
    ranks = _mean_ranks(values)
    scores = 2.0 * np.cumsum(ranks) - np.arange(1, n + 1) * (n + 1)
    at = int(np.argmax(np.abs(scores[:-1]))) if n > 1 else 0
    p = 2.0 * math.exp(-6.0 * float(scores[at]) ** 2 / (n**3 + n**2)) if n > 1 else 1.0
    return at + 1, min(1.0, p)


def _mean_ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def recent_z(values: Floats, at: int, window: int = 20) -> tuple[float, float, float]:
    """How far point `at` lies above its own recent history: (z, median, sigma) of up to `window` points before it.

    Twenty points are enough for a median and short enough that a falling loss does not widen them. Sigma is the larger
    of the history's MAD and its point-to-point noise, and never below a thousandth of the median: a history rounded to
    few digits has a MAD of 0.
    """
    history = values[max(0, at - window) : at]
    middle = float(np.median(history))
    sigma = max(spread(history), noise(history), 1e-3 * abs(middle), np.finfo(np.float64).tiny)
    return float((values[at] - middle) / sigma), middle, sigma


def relative_improvement(values: Floats) -> float:
    """Share of the starting level that was gained: (start - end) / |start|; negative when it got worse."""
    start = start_level(values)
    return (start - end_level(values)) / abs(start) if start else 0.0


def autocorrelation(values: Floats, longest: int) -> Floats:
    """Autocorrelation at lags 0..longest of the values less their mean, by FFT; zeros for a constant series."""
    centred = values - values.mean()
    size = 1 << (2 * len(values) - 1).bit_length()
    power = np.fft.rfft(centred, size)
    raw = np.fft.irfft(power * np.conj(power), size)[: longest + 1]
    return np.asarray(raw / raw[0] if raw[0] > 0 else np.zeros(longest + 1), dtype=np.float64)


def running_median(values: Floats, window: int) -> Floats:
    """Centred running median over about `window` points, of the same length (edges use what there is).

    Computed on at most 1,000 anchor points and interpolated between them, so that its cost stays linear.
    """
    n = len(values)
    half = max(1, window // 2)
    anchors = np.unique(np.linspace(0, n - 1, min(n, 1_000)).astype(np.int64))
    medians = [float(np.median(values[max(0, i - half) : i + half + 1])) for i in anchors]
    return np.asarray(np.interp(np.arange(n), anchors, medians), dtype=np.float64)


def strength(ratio: float, just: float, sure: float) -> float:
    """0.5 where `ratio` is `just` over its comparison, 1 from `sure` on, linear in the logarithm between."""
    if not ratio > 0:
        return 0.0
    share = (math.log(ratio) - math.log(just)) / (math.log(sure) - math.log(just))
    return round(0.5 + 0.5 * min(1.0, max(0.0, share)), 3)
