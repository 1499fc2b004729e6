"""Neck collars on cows: acceleration along three axes, 4 Hz, and what the cow was doing at each moment."""
import numpy as np

DOING = ("grazing", "ruminating", "lying", "walking")
RATE = 4.0


def _bout(kind, n, rng):
    """(n, 3) acceleration in g of one bout."""
    t = np.arange(n) / RATE
    phase = rng.uniform(0, 2 * np.pi)
    if kind == 0:    # head down, bites in short runs
        bites = np.abs(np.sin(2 * np.pi * 0.62 * rng.uniform(0.92, 1.08) * t + phase))
        return np.stack([0.75 + 0.2 * bites, 0.25 * bites, 0.25 - 0.1 * bites], 1)
    if kind == 1:    # chewing, regular, nose a little down
        chew = np.sin(2 * np.pi * 1.15 * rng.uniform(0.95, 1.05) * t + phase)
        return np.stack([0.3 + 0.05 * chew, 0.3 * np.abs(chew), 0.9 + 0.1 * chew], 1)
    if kind == 2:
        drift = 0.06 * np.sin(2 * np.pi * 0.1 * t + phase)
        return np.stack([0.02 + drift, 0.1 - drift, 0.98 + 0 * t], 1)
    stride = 2 * np.pi * 0.85 * rng.uniform(0.9, 1.1) * t + phase
    return np.stack([0.3 + 0.35 * np.sin(stride), 0.15 * np.cos(stride), 0.85 + 0.3 * np.sin(2 * stride)], 1)


def recordings(count, seed, length=96):
    """(count, length, 3) float32 and (count, length) labels. A collar sits turned, and more or less loosely."""
    rng = np.random.default_rng(seed)
    x = np.empty((count, length, 3), np.float32)
    y = np.empty((count, length), np.int64)
    for i in range(count):
        at, kind = 0, rng.integers(4)
        while at < length:
            n = min(int(rng.integers(24, 60)), length - at)
            x[i, at:at + n] = _bout(kind, n, rng)
            y[i, at:at + n] = kind
            at, kind = at + n, (kind + rng.integers(1, 4)) % 4
        roll = rng.uniform(-0.35, 0.35)
        turn = np.array([[1, 0, 0], [0, np.cos(roll), -np.sin(roll)], [0, np.sin(roll), np.cos(roll)]])
        loose = rng.gamma(1.2, 0.125)
        x[i] = x[i] @ turn.T + loose * rng.standard_normal((length, 3))
    return x, y
