"""The numbers of the evaluation: counts with their denominators, intervals, paired comparisons, calibration, cost.

Everything takes plain sequences of equal length, one entry per case, and returns records; a figure that cannot be
computed (no cases, no differences) is NaN and never 0.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from misrun.tools.record import Record

Floats = NDArray[np.float64]

# The paper's section 5.1: 10,000 bootstrap samples, 95 % intervals.
BOOTSTRAP_SAMPLES = 10_000
COVERAGE = 0.95
# Fixed, so that the same predictions give the same interval.
SEED = 20261120


class Share(Record):
    """k of n, with a bootstrap interval of the share."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """k / n; NaN for n = 0."""
        return self.k / self.n if self.n else math.nan

    def __str__(self) -> str:
        return f"{self.k}/{self.n} ({self.value:.3f} [{self.low:.3f}, {self.high:.3f}])" if self.n else "0/0"


def share(hits: Sequence[bool]) -> Share:
    """How many of `hits`, with a percentile bootstrap interval (Efron & Tibshirani 1993, chapter 13)."""
    if not hits:
        return Share(k=0, n=0, low=math.nan, high=math.nan)
    low, high = bootstrap_interval(np.asarray(hits, dtype=np.float64))
    return Share(k=sum(map(bool, hits)), n=len(hits), low=low, high=high)


def bootstrap_interval(values: Floats) -> tuple[float, float]:
    """Percentile interval of the mean of `values` over BOOTSTRAP_SAMPLES resamples."""
    means = resampled_means(values)
    tail = (1 - COVERAGE) / 2
    return float(np.quantile(means, tail)), float(np.quantile(means, 1 - tail))


def resampled_means(values: Floats) -> Floats:
    """Means of BOOTSTRAP_SAMPLES resamples of `values` with replacement."""
    rng = np.random.default_rng(SEED)
    picks = rng.integers(0, len(values), (BOOTSTRAP_SAMPLES, len(values)))
    return np.asarray(values[picks].mean(axis=1), dtype=np.float64)


class Comparison(Record):
    """Two methods on the same cases. `difference` is the mean of first - second; `d` is Cohen's d of the paired
    differences (Cohen 1988, section 2.3.5); `p_t` is the paired t-test of the paper, `p_exact` McNemar's exact test,
    which is the one made for right-or-wrong answers; `p_holm` is p_exact corrected for the number of comparisons."""

    first: str
    second: str
    only_first: int
    only_second: int
    difference: float
    low: float
    high: float
    d: float
    p_t: float
    p_exact: float
    p_holm: float = math.nan


def compare(first: str, hits: Sequence[bool], second: str, other: Sequence[bool]) -> Comparison:
    """Paired comparison of two methods' hits on the same cases, in the same order."""
    deltas = np.asarray(hits, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    low, high = bootstrap_interval(deltas) if len(deltas) else (math.nan, math.nan)
    deviation = float(deltas.std(ddof=1)) if len(deltas) > 1 else 0.0
    mean = float(deltas.mean()) if len(deltas) else math.nan
    only_first, only_second = int((deltas > 0).sum()), int((deltas < 0).sum())
    return Comparison(
        first=first,
        second=second,
        only_first=only_first,
        only_second=only_second,
        difference=mean,
        low=low,
        high=high,
        d=mean / deviation if deviation else math.nan,
        p_t=_paired_t(deltas),
        p_exact=mcnemar_exact(only_first, only_second),
    )


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test: the discordant cases as flips of a fair coin."""
    from scipy.stats import binomtest

    n = only_first + only_second
    return float(binomtest(only_first, n).pvalue) if n else 1.0


def _paired_t(deltas: Floats) -> float:
    """Two-sided p of the paired t-test; NaN where all differences are equal."""
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(deltas, 0.0).pvalue) if len(deltas) > 1 and deltas.std() else math.nan


def holm(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons with p_exact corrected for their number (Holm 1979), in the given order."""
    order = sorted(range(len(comparisons)), key=lambda i: comparisons[i].p_exact)
    corrected: dict[int, float] = {}
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, comparisons[i].p_exact * (len(order) - rank)))
        corrected[i] = largest
    return tuple(c.model_copy(update={"p_holm": corrected[i]}) for i, c in enumerate(comparisons))


class ClassScore(Record):
    """Precision, recall and F1 of one class, with the counts they are made of."""

    name: str
    true_positives: int
    predicted: int
    actual: int

    @property
    def precision(self) -> float:
        return self.true_positives / self.predicted if self.predicted else math.nan

    @property
    def recall(self) -> float:
        return self.true_positives / self.actual if self.actual else math.nan

    @property
    def f1(self) -> float:
        both = self.predicted + self.actual
        return 2 * self.true_positives / both if both else math.nan


def per_class(actual: Sequence[str], predicted: Sequence[str]) -> tuple[ClassScore, ...]:
    """One score for every class that occurs, sorted by name."""
    hits = Counter(a for a, p in zip(actual, predicted, strict=True) if a == p)
    said, were = Counter(predicted), Counter(actual)
    return tuple(
        ClassScore(name=name, true_positives=hits[name], predicted=said[name], actual=were[name])
        for name in sorted({*said, *were})
    )


def confusion(actual: Sequence[str], predicted: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by actual class (rows) and predicted class (columns), every class in both."""
    names = sorted({*actual, *predicted})
    counts = Counter(zip(actual, predicted, strict=True))
    return {row: {column: counts[row, column] for column in names} for row in names}


class Bin(Record):
    """One bar of the reliability diagram: predictions with a probability in (low, high]."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(probabilities: Sequence[float], hits: Sequence[bool], count: int = 10) -> tuple[Bin, ...]:
    """Bins of equal width that hold anything (Guo et al. 2017, section 2)."""
    p, h = np.asarray(probabilities, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    at = np.clip(np.ceil(p * count).astype(int) - 1, 0, count - 1)
    found = ((i, at == i) for i in range(count) if (at == i).any())
    return tuple(
        Bin(low=i / count, high=(i + 1) / count, n=int(own.sum()), confidence=float(p[own].mean()),
            accuracy=float(h[own].mean()))
        for i, own in found
    )  # fmt: skip


def expected_calibration_error(probabilities: Sequence[float], hits: Sequence[bool], count: int = 10) -> float:
    """ECE: mean gap between confidence and accuracy over the bins, weighted by their size (Naeini et al. 2015)."""
    if not probabilities:
        return math.nan
    total = len(probabilities)
    return sum(b.n / total * abs(b.confidence - b.accuracy) for b in reliability(probabilities, hits, count))


class CoveragePoint(Record):
    """Accuracy when only the `covered` most probable predictions are told."""

    covered: int
    total: int
    threshold: float
    right: int

    @property
    def accuracy(self) -> float:
        return self.right / self.covered


def coverage_curve(probabilities: Sequence[float], hits: Sequence[bool]) -> tuple[CoveragePoint, ...]:
    """Accuracy against coverage (El-Yaniv & Wiener 2010): one point per distinct probability, most certain first."""
    order = sorted(range(len(hits)), key=lambda i: -probabilities[i])
    points, right = [], 0
    for place, i in enumerate(order, start=1):
        right += bool(hits[i])
        if place == len(order) or probabilities[order[place]] < probabilities[i]:
            points.append(CoveragePoint(covered=place, total=len(order), threshold=probabilities[i], right=right))
    return tuple(points)


def cost(automatic: float, human: float, resolved: float) -> float:
    """The paper's cost per case, C = C_auto (1 - P) + C_human P, with P the share that goes to a person: every case
    that is not `resolved` (0..1) automatically."""
    return automatic * resolved + human * (1 - resolved)
