"""Hand-stamped serial glyphs: one random prototype per class, shifted, scaled in contrast and made noisy."""
import numpy as np
import torch
from torch.utils.data import Dataset


def prototypes(classes, rng):
    """(classes, 12, 12) strokes: a few random line segments per class."""
    out = np.zeros((classes, 12, 12), dtype=np.float32)
    for glyph in out:
        for _ in range(4):
            r0, c0, r1, c1 = rng.integers(0, 12, 4)
            for t in np.linspace(0, 1, 24):
                glyph[round(r0 + t * (r1 - r0)), round(c0 + t * (c1 - c0))] = 1.0
    return out


class Glyphs(Dataset):
    def __init__(self, shapes, count, size, noise, max_shift, rng):
        labels = rng.integers(0, len(shapes), count)
        images = np.zeros((count, size, size), dtype=np.float32)
        middle = (size - 12) // 2
        for image, label in zip(images, labels):
            dr, dc = middle + rng.integers(-max_shift, max_shift + 1, 2)
            image[dr:dr + 12, dc:dc + 12] = rng.uniform(0.6, 1.0) * shapes[label]
        images += rng.normal(0, noise, images.shape).astype(np.float32)
        self.images = torch.from_numpy((images - images.mean()) / images.std()).unsqueeze(1)
        self.labels = torch.from_numpy(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]
