"""Fewer points of a curve with the same picture: no spike and no NaN gets lost."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# A plot is at most about 1,000 pixels wide (a judgement); a bucket per pixel draws the same line as all points do.
BUCKETS = 1000
# First, last, lowest and highest of a bucket, and its first value that is not finite.
_PER_BUCKET = 5


def kept(values: NDArray[np.float64], buckets: int = BUCKETS) -> NDArray[np.int64]:
    """The indices to draw, ascending: per bucket of neighbours its first, last, lowest and highest point.

    M4 aggregation (Jugel et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10),
    section 4). The first value of a bucket that is not finite is kept besides, so that gaps stay gaps.
    """
    count = len(values)
    if count <= buckets * _PER_BUCKET:
        return np.arange(count)
    edges = np.linspace(0, count, buckets + 1).astype(np.int64)
    chosen = [_of_bucket(values, int(low), int(high)) for low, high in pairwise(edges)]
    return np.unique(np.concatenate(chosen))


def _of_bucket(values: NDArray[np.float64], low: int, high: int) -> NDArray[np.int64]:
    part = values[low:high]
    finite = np.isfinite(part)
    found = [0, len(part) - 1]
    if finite.any():
        found += [int(np.where(finite, part, np.inf).argmin()), int(np.where(finite, part, -np.inf).argmax())]
    if not finite.all():
        found.append(int(finite.argmin()))
    return np.asarray(found, dtype=np.int64) + low
