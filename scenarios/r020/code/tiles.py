"""Small grey pictures of roof tiles seen by a drone: five kinds of surface, each with its own pattern."""
import numpy as np
import torch

SURFACES = ("pantile", "slate", "shingle", "standing seam", "gravel")
SIDE = 16


def draw(kind, rng):
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    phase, period = rng.uniform(0, 6.28), rng.uniform(3.5, 4.5)
    if kind == 0:
        picture = np.sin(6.28 * x / period + phase) * np.cos(6.28 * y / 8)
    elif kind == 1:
        picture = np.sign(np.sin(6.28 * y / period + phase))
    elif kind == 2:
        picture = np.sign(np.sin(6.28 * (x + y) / (2 * period) + phase))
    elif kind == 3:
        picture = np.sign(np.sin(6.28 * x / period + phase))
    else:
        picture = rng.normal(0, 1, (SIDE, SIDE))
    return picture * rng.uniform(0.6, 1.2) + rng.normal(0, 0.4, (SIDE, SIDE))


def tiles(count, seed):
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(SURFACES), count)
    pictures = np.stack([draw(k, rng) for k in kinds])
    return torch.tensor(pictures, dtype=torch.float32).unsqueeze(1), torch.tensor(kinds)
