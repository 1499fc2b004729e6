import numpy as np
import torch
from torch.utils.data import Dataset

SECTORS = ["000", "030", "060", "090", "120", "150"]


def crests(sector, side, rng):
    """Ripple crests seen from above, sun from the west; azimuth within 8 degrees of the middle of its sector."""
    v, u = np.mgrid[0:side, 0:side] / side
    azimuth = np.deg2rad(30 * sector + rng.uniform(-8, 8))
    along = u * np.cos(azimuth) + v * np.sin(azimuth)
    across = v * np.cos(azimuth) - u * np.sin(azimuth)
    waves = rng.uniform(2.5, 4.0)
    return np.sin(2 * np.pi * (waves * along + rng.random() + 0.1 * np.sin(5 * across)))


class DuneTiles(Dataset):
    """Tiles of a dune field, one channel, contrast-normalised."""

    def __init__(self, n, side, grain, seed):
        rng = np.random.default_rng(seed)
        self.y = torch.from_numpy(rng.integers(0, len(SECTORS), n))
        tiles = np.stack([crests(k, side, rng) for k in self.y.tolist()])
        tiles += grain * rng.standard_normal(tiles.shape)
        self.x = torch.from_numpy(tiles.astype(np.float32)).unsqueeze(1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]
