"""Draws grey-scale photographs of knitted swatches: eight stitch patterns, lit from a random side."""
import numpy as np

PATTERNS = ["stockinette", "garter", "rib1x1", "rib2x2", "seed", "moss", "basket", "chevron"]


def _relief(kind, y, x, s):
    if kind == "stockinette":
        return np.cos(2 * np.pi * x / s)
    if kind == "garter":
        return np.cos(2 * np.pi * y / s)
    if kind == "rib1x1":
        return np.sign(np.sin(2 * np.pi * x / (1.5 * s)))
    if kind == "rib2x2":
        return np.sign(np.sin(2 * np.pi * x / (3 * s)))
    if kind == "seed":
        return np.sign(np.sin(2 * np.pi * x / s) * np.sin(2 * np.pi * y / s))
    if kind == "moss":
        return np.sign(np.sin(2 * np.pi * x / s) * np.sin(np.pi * y / s))
    if kind == "basket":
        return np.where(np.sin(np.pi * x / s) * np.sin(np.pi * y / s) > 0, np.cos(3 * x), np.cos(3 * y))
    return np.cos(2 * np.pi * (y + np.abs((x % (2 * s)) - s)) / s)


def draw(rng, n, size=24):
    y, x = np.mgrid[:size, :size].astype(np.float32)
    photos = np.empty((n, 1, size, size), np.float32)
    labels = rng.integers(0, len(PATTERNS), n)
    for i, label in enumerate(labels):
        gauge = rng.uniform(4.0, 5.5)
        relief = _relief(PATTERNS[label], y + rng.uniform(0, 9), x + rng.uniform(0, 9), gauge)
        light = rng.normal(0, 0.03) * (x - size / 2) + rng.normal(0, 0.03) * (y - size / 2)
        photos[i, 0] = rng.uniform(0.5, 1.0) * relief + light + rng.normal(0, 0.35, (size, size))
    return photos, labels
