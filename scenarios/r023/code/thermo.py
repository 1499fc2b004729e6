"""Thermograms of photovoltaic modules: 96 x 96 pixels, three channels (infrared, its gradient, visible light)."""
import numpy as np
import torch
from torch.utils.data import Dataset

KINDS = ["clean", "hot_cell", "string_out", "diode", "shading"]
SIDE, CELL = 96, 16
# rendered once, so that each picture only costs an addition
_GRID = np.kron(np.ones((6, 6)), np.pad(np.ones((CELL - 2, CELL - 2)), 1)).astype(np.float32)


def module(kind, rng):
    infrared = 0.4 * _GRID
    row, column = rng.integers(6, size=2) * CELL
    warm = rng.uniform(0.8, 1.2)
    if kind == 1:
        infrared[row:row + CELL, column:column + CELL] += 3 * warm
    elif kind == 2:
        infrared[:, column:column + CELL] += 1.5 * warm
    elif kind == 3:
        third = 32 * int(rng.integers(3))
        infrared[:, third:third + 32] += 1.5 * warm
    elif kind == 4:
        infrared[row:, :] -= 1.5 * warm
    return infrared


class Thermograms(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.kinds = rng.integers(len(KINDS), size=n)
        self.seeds = rng.integers(2**31, size=n)

    def __len__(self):
        return len(self.kinds)

    def __getitem__(self, i):
        rng = np.random.default_rng(self.seeds[i])
        infrared = module(self.kinds[i], rng)
        infrared += 0.15 * rng.standard_normal((SIDE, SIDE), dtype=np.float32)
        gradient = np.abs(np.diff(infrared, axis=0, prepend=infrared[:1]))
        visible = _GRID * np.float32(rng.uniform(0.5, 1.0))
        return torch.from_numpy(np.stack([infrared, gradient, visible])), int(self.kinds[i])
