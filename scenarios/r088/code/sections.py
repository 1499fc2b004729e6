"""Rock thin sections under crossed polars: 20 x 20 RGB crops of single grains (drawn, after the teaching collection)."""
import numpy as np
import torch
from torch.utils.data import Dataset

MINERALS = {  # colour, contrast of the texture
    "quartz": ((0.72, 0.71, 0.69), 0.05),
    "plagioclase": ((0.66, 0.67, 0.70), 0.16),
    "biotite": ((0.63, 0.55, 0.45), 0.13),
    "hornblende": ((0.54, 0.62, 0.49), 0.11),
    "olivine": ((0.74, 0.69, 0.53), 0.14),
    "garnet": ((0.57, 0.48, 0.50), 0.06),
}
NAMES = list(MINERALS)


def grain(kind, rng, size=20):
    """(3, size, size) in 0..1."""
    colour, contrast = MINERALS[NAMES[kind]]
    r, c = np.mgrid[:size, :size] + rng.uniform(0, 20, (2, 1, 1))
    angle = rng.uniform(0, np.pi)
    along = r * np.cos(angle) + c * np.sin(angle)
    if NAMES[kind] in ("plagioclase", "biotite"):
        texture = np.sin(along * (2.2 if kind == 1 else 1.1))
    elif NAMES[kind] == "hornblende":
        texture = np.maximum(np.sin(along * 0.8), np.sin((r * np.sin(angle) - c * np.cos(angle)) * 0.8))
    else:
        texture = np.sin(r * 0.9) * np.sin(c * 0.9)
    image = np.array(colour)[:, None, None] + contrast * 0.5 * texture
    image = image * rng.uniform(0.94, 1.06) + rng.normal(0, 0.03, (3, size, size))
    return image.clip(0, 1)


def crops(count, rng):
    labels = rng.integers(0, len(NAMES), count)
    return np.stack([grain(kind, rng) for kind in labels]).astype(np.float32), labels


class Sections(Dataset):
    """Normalised crops. `stats`: {"mean": [r, g, b], "std": [r, g, b]}; without it they are taken from the images."""

    def __init__(self, images, labels, stats=None):
        if stats is None:
            stats = {"mean": images.mean((0, 2, 3)).tolist(), "std": images.std((0, 2, 3)).tolist()}
        self.stats = stats
        mean, std = (torch.tensor(stats[key], dtype=torch.float32)[:, None, None] for key in ("mean", "std"))
        self.images = (torch.from_numpy(images) - mean) / std
        self.labels = torch.from_numpy(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]
