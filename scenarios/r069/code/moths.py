"""Stylised moth wings, 24 x 24, three channels: background tint, banding and an eye spot tell the species."""
import numpy as np
import torch

SPECIES = ("brimstone", "garden_tiger", "emperor", "puss", "vapourer", "old_lady")
_TINT = np.random.default_rng(7).uniform(-1, 1, (len(SPECIES), 3))
_BANDS = (2, 4, 3, 5, 2, 4)
_EYE = (0.0, 0.0, 1.5, 0.0, 1.5, 1.5)


def wings(n, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:24, :24] / 24.0
    species = rng.integers(0, len(SPECIES), n)
    images = np.empty((n, 3, 24, 24), np.float32)
    for i, s in enumerate(species):
        phase, tilt = rng.uniform(0, 6.28), rng.normal(0, 0.2)
        bands = np.sin(6.28 * _BANDS[s] * (y + tilt * x) + phase)
        cy, cx = rng.uniform(0.25, 0.75, 2)
        eye = _EYE[s] * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 0.01)
        images[i] = _TINT[s][:, None, None] * (0.7 + 0.3 * bands) + eye + rng.normal(0, 0.5, (3, 24, 24))
    return torch.from_numpy(images), torch.from_numpy(species)
