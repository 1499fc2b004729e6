"""Germination trays from above: sprouts as small bright tufts on dark soil, and the density map of their positions."""
import numpy as np
import torch

SIDE = 24
GRID = SIDE // 4
MOST = 9
# Density maps are multiplied by this so that a sprout stands out from the empty cells.
DENSITY_SCALE = 10.0


def tray(rng):
    picture = 0.15 + 0.05 * rng.normal(size=(SIDE, SIDE))
    density = np.zeros((GRID, GRID))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for _ in range(rng.integers(0, MOST + 1)):
        cy, cx = rng.uniform(1, SIDE - 1, 2)
        picture += rng.uniform(0.6, 1.0) * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2.0)
        density[int(cy) // 4, int(cx) // 4] += 1
    return picture, density


def trays(count, seed):
    rng = np.random.default_rng(seed)
    pictures, maps = zip(*(tray(rng) for _ in range(count)))
    return torch.tensor(np.stack(pictures), dtype=torch.float32)[:, None], torch.tensor(np.stack(maps), dtype=torch.float32)[:, None]
