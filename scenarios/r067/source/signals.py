"""Event codes of valves along a district heating line, one stream per station."""
import numpy as np

CODES = 24


def station_habits():
    """What tends to follow a code; the stations are of one make."""
    rng = np.random.default_rng(412)
    return np.stack([rng.permutation(CODES) for _ in range(3)])


def windows(count, length, seed):
    """(count, length) event codes. A third of the events is the reply to the code before the last one."""
    after = station_habits()
    rng = np.random.default_rng(seed)
    rows = np.empty((count, length), dtype=np.int64)
    rows[:, :2] = rng.integers(0, CODES, (count, 2))
    for place in range(2, length):
        kind = rng.random(count)
        following = np.where(kind < 0.62, after[0][rows[:, place - 1]], after[1][rows[:, place - 2]])
        rows[:, place] = np.where(kind < 0.95, following, rng.integers(0, CODES, count))
    return rows
