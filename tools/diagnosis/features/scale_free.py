"""Features that do not depend on the scale of loss, model or optimizer: ratios to the run's own history, robust
slopes, change points, and correlations with the learning rate.

All are computed from raw series; a time or a step is a share (0..1) of the run. NaN (missing) where the series is too
short to say. A logarithm of a ratio keeps a hundredfold rise and a hundredfold fall equally far from 0.
"""

import math
from collections.abc import Callable

import numpy as np

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.features.feature import Feature
from misrun.tools.readers.run_record import Series
from misrun.tools.signals.curve import Curve, losses
from misrun.tools.signals.robust import (
    Floats,
    autocorrelation,
    change_point,
    end_level,
    mann_kendall,
    noise,
    spread,
    start_level,
)

# A trend, a change point or a correlation of fewer points says nothing: the shortest series that the Mann-Kendall
# test can call at 1 % (signals/robust.py).
SHORTEST = 8
# Bounds every logarithm of a ratio: e^20 is 5e8, beyond which it makes no difference.
_LARGEST_LOG = 20.0

Reading = Callable[[Facts, Series], float | None]


def log_ratio(above: float, below: float) -> float | None:
    """ln(above / below), bounded to +-20; None unless both are positive."""
    if not (above > 0 and below > 0):
        return None
    return max(-_LARGEST_LOG, min(_LARGEST_LOG, math.log(above) - math.log(below)))


def _finite(series: Series) -> Floats:
    return Curve.of(series).values


def end_over_start(_: Facts, series: Series) -> float | None:
    """ln of the end level over the start level: below 0 where it fell."""
    values = _finite(series)
    return log_ratio(end_level(values), start_level(values)) if len(values) > 1 else None


def end_over_best(_: Facts, series: Series) -> float | None:
    """ln of the end level over the lowest point: how far the end lies above the best that was reached."""
    values = _finite(series)
    return log_ratio(end_level(values), float(values.min())) if len(values) > 1 else None


def peak_over_median(_: Facts, series: Series) -> float | None:
    """ln of the largest value over the median."""
    values = _finite(series)
    return log_ratio(float(values.max()), float(np.median(values))) if len(values) > 1 else None


def peak_place(_: Facts, series: Series) -> float | None:
    """Where in the run the largest value stands, 0 (first point) to 1 (last)."""
    values = _finite(series)
    return float(np.argmax(values)) / (len(values) - 1) if len(values) > 1 else None


def trend_z(_: Facts, series: Series) -> float | None:
    """z of the Mann-Kendall trend test: below 0 where the series falls."""
    values = _finite(series)
    return mann_kendall(values) if len(values) >= SHORTEST else None


def late_trend_z(_: Facts, series: Series) -> float | None:
    """The same for the last third of the run."""
    values = _finite(series)
    late = values[2 * len(values) // 3 :]
    return mann_kendall(late) if len(late) >= SHORTEST else None


def relative_noise(_: Facts, series: Series) -> float | None:
    """Point-to-point noise over the median level."""
    values = _finite(series)
    middle = abs(float(np.median(values))) if len(values) else 0.0
    return noise(values) / middle if len(values) >= SHORTEST and middle else None


def late_over_early_noise(_: Facts, series: Series) -> float | None:
    """ln of the noise of the second half over that of the first."""
    values = _finite(series)
    half = len(values) // 2
    return log_ratio(noise(values[half:]), noise(values[:half])) if half >= SHORTEST else None


def change_place(_: Facts, series: Series) -> float | None:
    """Where in the run the level changes most (Pettitt 1979), 0..1; missing where no change is likely at 1 %."""
    values = _finite(series)
    if len(values) < SHORTEST:
        return None
    at, p = change_point(values)
    return at / len(values) if p < 0.01 else None


def change_size(_: Facts, series: Series) -> float | None:
    """ln of the level after the most likely change over the level before it; missing where none is likely at 1 %."""
    values = _finite(series)
    if len(values) < SHORTEST:
        return None
    at, p = change_point(values)
    if p >= 0.01 or not 0 < at < len(values):
        return None
    return log_ratio(float(np.median(values[at:])), float(np.median(values[:at])))


def swing(_: Facts, series: Series) -> float | None:
    """Largest autocorrelation of the detrended series at lags of at least a twentieth of the run: 0 for noise, towards
    1 for a steady wave."""
    values = _finite(series)
    if len(values) < 4 * SHORTEST:
        return None
    line = np.polyval(np.polyfit(np.arange(len(values)), values, 1), np.arange(len(values)))
    found = autocorrelation(values - line, len(values) // 2)
    below = np.flatnonzero(found < 0)
    return float(found[max(int(below[0]), len(values) // 20) :].max()) if len(below) else 0.0


def first_nonfinite_place(_: Facts, series: Series) -> float | None:
    """Where in the run the first NaN or infinity stands, 0..1; 2 where there is none (later than the end)."""
    at = series.first_nonfinite
    return 2.0 if at is None else at / len(series.values)


def correlation_with_learning_rate(facts: Facts, series: Series) -> float | None:
    """Rank correlation of the series with the learning rate at the same steps, -1..1."""
    rate = facts.run.best("lr", "train") or facts.run.best("lr")
    if rate is None:
        return None
    by_step = dict(zip(rate.steps, rate.values, strict=True))
    pairs = [
        (by_step[s], v) for s, v in zip(series.steps, series.values, strict=True) if s in by_step and math.isfinite(v)
    ]
    if len(pairs) < SHORTEST:
        return None
    x, y = (np.argsort(np.argsort(column)).astype(np.float64) for column in zip(*pairs, strict=True))
    return float(np.corrcoef(x, y)[0, 1]) if len({a for a, _ in pairs}) > 1 and len({b for _, b in pairs}) > 1 else None


_READINGS: tuple[tuple[str, Reading], ...] = (
    ("end_over_start", end_over_start),
    ("end_over_best", end_over_best),
    ("peak_over_median", peak_over_median),
    ("peak_place", peak_place),
    ("trend_z", trend_z),
    ("late_trend_z", late_trend_z),
    ("relative_noise", relative_noise),
    ("late_over_early_noise", late_over_early_noise),
    ("change_place", change_place),
    ("change_size", change_size),
    ("swing", swing),
    ("first_nonfinite_place", first_nonfinite_place),
    ("correlation_with_learning_rate", correlation_with_learning_rate),
)
_SERIES: tuple[tuple[str, str, Callable[[Facts], Series | None]], ...] = (
    ("loss", "training", lambda facts: next(iter(losses(facts.run, "train")), None)),
    ("gradient_norm", "training", lambda facts: facts.run.best("grad_norm")),
    ("validation_loss", "training", lambda facts: next(iter(losses(facts.run, "eval")), None)),
    ("learning_rate", "configuration", lambda facts: facts.run.best("lr")),
    ("memory", "memory", lambda facts: facts.run.best("memory")),
    ("step_time", "memory", lambda facts: facts.run.best("step_time")),
)


def _reading(find: Callable[[Facts], Series | None], read: Reading) -> Callable[[Facts], float | None]:
    def measure(facts: Facts) -> float | None:
        series = find(facts)
        return read(facts, series) if series is not None and series.values else None

    return measure


def _gap_at_end(facts: Facts) -> float | None:
    """ln of the end level of the validation loss over that of the training loss."""
    train, held = (next(iter(losses(facts.run, phase)), None) for phase in ("train", "eval"))
    if train is None or held is None:
        return None
    ends = [end_level(values) for values in (_finite(held), _finite(train)) if len(values)]
    return log_ratio(*ends) if len(ends) == 2 else None


def _planned_share(facts: Facts) -> float | None:
    """Steps done over steps planned."""
    ending = facts.run.ending
    return ending.last_step / ending.planned_steps if ending.last_step and ending.planned_steps else None


def _metric_spread(facts: Facts) -> float | None:
    """Spread of the validation accuracy over its mean: 0 where it never moves."""
    found = facts.run.best("accuracy", "eval")
    values = _finite(found) if found else np.empty(0)
    return spread(values) / float(values.mean()) if len(values) > 2 and values.mean() else None


SCALE_FREE_FEATURES: tuple[Feature, ...] = (
    *(
        Feature(f"{series}.{name}", group, _reading(find, read))
        for series, group, find in _SERIES
        for name, read in _READINGS
        if not (series == "learning_rate" and name == "correlation_with_learning_rate")
    ),
    Feature("validation_over_training", "training", _gap_at_end),
    Feature("planned_share", "training", _planned_share),
    Feature("validation_accuracy_spread", "data", _metric_spread),
)
