"""Pollen grain crops, 24 x 24, one channel. Outlines only; texture does not matter at this magnification."""
import numpy as np

KINDS = ("birch", "pine", "grass", "mugwort", "plantain")
SIDE = 24
yy, xx = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2


def outline(kind, cx, cy, radius, angle):
    x, y = xx - cx, yy - cy
    r = np.hypot(x, y)
    phi = np.arctan2(y, x) + angle
    if kind == 0:
        edge = radius * (1 + 0.3 * np.cos(3 * phi))
    elif kind == 1:
        edge = radius / np.sqrt(np.cos(phi) ** 2 + 3.5 * np.sin(phi) ** 2) * 1.35
    elif kind == 2:
        edge = radius + 0 * phi
    elif kind == 3:
        edge = radius + 0 * phi
    else:
        edge = radius / np.maximum(abs(np.cos(phi)), abs(np.sin(phi))) * 0.88
    body = 1 / (1 + np.exp((r - edge) / 0.4))
    return body - 0.9 / (1 + np.exp((r - 0.5 * edge) / 0.4)) if kind == 3 else body


def draw(n, rng, offset):
    """offset: largest distance of a grain from the centre of its crop, in pixels, along each axis"""
    y = rng.integers(0, len(KINDS), n)
    x = np.empty((n, 1, SIDE, SIDE), np.float32)
    for i, kind in enumerate(y):
        cx, cy = rng.uniform(-offset, offset, 2)
        x[i, 0] = outline(kind, cx, cy, rng.uniform(5.0, 6.5), rng.uniform(-0.4, 0.4))
        x[i, 0] += 0.15 * rng.standard_normal((SIDE, SIDE))
    return x - 0.25, y


def labelled_set(n, seed):
    """The annotation tool cuts a crop around the marked grain."""
    return draw(n, np.random.default_rng(seed), 0.5)


def slide_scan(n, seed):
    """Crops on the regular grid of the scanner, as the model will get them."""
    return draw(n, np.random.default_rng(seed), 5.0)
