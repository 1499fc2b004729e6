"""One number about a run. Missing is NaN, never 0: a run that logs no memory is not a run that uses none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from misrun.tools.diagnosis.facts import Facts

Measurement = Callable[[Facts], float | None]


@dataclass(frozen=True)
class Feature:
    """`group` is one of training, memory, data, configuration, text, code: what an ablation takes away together."""

    name: str
    group: str
    measure: Measurement


def matrix(features: Sequence[Feature], cases: Sequence[Facts]) -> NDArray[np.float64]:
    """(cases, features); NaN where a case does not tell."""
    rows = [[_number(feature.measure(case)) for feature in features] for case in cases]
    return np.asarray(rows, dtype=np.float64).reshape(len(cases), len(features))


def _number(value: float | None) -> float:
    """Infinity becomes the largest float: it says "beyond all bounds", and estimators refuse it."""
    if value is None:
        return float("nan")
    return float(np.nan_to_num(value, nan=np.nan, posinf=np.finfo(np.float64).max, neginf=np.finfo(np.float64).min))
