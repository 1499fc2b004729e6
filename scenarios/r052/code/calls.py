"""Bat calls as small spectrograms (24 frequency bins x 32 frames): a sweep per species, somewhere in the window."""
import numpy as np

BINS, FRAMES = 24, 32


def sweep(kind, t):
    """Frequency (0..1) along the call, t from 0 to 1."""
    return {
        "pipistrelle": 0.85 - 0.55 * np.minimum(1.0, 1.8 * t),
        "noctule": 0.30 - 0.10 * t,
        "serotine": 0.60 - 0.35 * t,
        "daubenton": 0.95 - 0.80 * t,
        "horseshoe": np.where(t < 0.15, 0.45 + 2.0 * t, np.where(t > 0.85, 0.75 - 2.0 * (t - 0.85), 0.75)),
        "barbastelle": 0.45 - 0.25 * t ** 3,
    }[kind]


def record(species, count, noise, rng):
    """(count, 1, 24, 32) float32 and (count,) int64."""
    labels = rng.integers(len(species), size=count)
    x = np.zeros((count, BINS, FRAMES))
    rows = np.arange(BINS)[:, None]
    for image, label in zip(x, labels):
        length = rng.integers(12, 20)
        start = rng.integers(0, FRAMES - length)
        f = sweep(species[label], np.linspace(0, 1, length)) + rng.normal(0, 0.02)
        level = rng.uniform(0.8, 2.0)
        image[:, start:start + length] += level * np.exp(-0.5 * ((rows - f * (BINS - 1)) / 0.9) ** 2)
        if rng.random() < 0.3:  # a cricket
            image[rng.integers(BINS)] += rng.uniform(0.3, 0.8)
    x += noise * rng.normal(size=x.shape) * 0.5
    return x[:, None].astype(np.float32), labels.astype(np.int64)
