import numpy as np
import torch

SPECIES = ["radish", "spurge", "larch", "bindweed", "nettle", "sundew"]
SIDE = 20


def draw(kind, rng):
    """One seedling seen from above: its first leaves, light on dark soil."""
    r, c = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2 - rng.uniform(-1.5, 1.5, (2, 1, 1))
    turn, size = rng.uniform(-0.45, 0.45), rng.uniform(0.85, 1.15)
    x, y = (np.cos(turn) * r - np.sin(turn) * c) / size, (np.sin(turn) * r + np.cos(turn) * c) / size

    def oval(x0, y0, a, b):
        return 1 / (1 + np.exp(np.minimum(6 * (((x - x0) / a) ** 2 + ((y - y0) / b) ** 2 - 1), 30)))

    if kind == "radish":        # two broad hearts
        leaf = oval(3.4, 0, 3, 4) + oval(-3.4, 0, 3, 4)
    elif kind == "spurge":      # two narrow leaves
        leaf = oval(4.6, 0, 3.4, 1.7) + oval(-4.6, 0, 3.4, 1.7)
    elif kind == "larch":       # a star of needles
        angle = np.arctan2(y, x)
        leaf = (np.cos(6 * angle) > 0.4) * (np.hypot(x, y) < 7) * 1.0
    elif kind == "bindweed":    # four lobes
        leaf = oval(4, 3, 2.5, 2) + oval(4, -3, 2.5, 2) + oval(-4, 3, 2.5, 2) + oval(-4, -3, 2.5, 2)
    elif kind == "nettle":      # one round pair and a small second pair across
        leaf = oval(3, 0, 2.6, 2.6) + oval(-3, 0, 2.6, 2.6) + oval(0, 4.2, 1.8, 2.6) + oval(0, -4.2, 1.8, 2.6)
    else:                       # sundew: a rosette, open in the middle
        leaf = np.exp(-((np.hypot(x, y) - 5) / 1.3) ** 2)
    return np.minimum(leaf, 1) * rng.uniform(0.6, 1.0)


def plots(count, rng, noise=0.13):
    labels = rng.integers(len(SPECIES), size=count)
    images = np.stack([draw(SPECIES[k], rng) for k in labels])
    images += rng.normal(0, noise, images.shape)
    return torch.from_numpy(images).float().unsqueeze(1), torch.from_numpy(labels)


class Augment:
    """Flips, quarter turns, brightness, noise and a cut-out square, per batch of images."""

    def __init__(self, cutout, jitter, noise):
        self.cutout, self.jitter, self.noise = cutout, jitter, noise

    def __call__(self, x):
        x = torch.rot90(x, int(torch.randint(4, ())), dims=(2, 3))
        if torch.rand(()) < 0.5:
            x = x.flip(3)
        x = x * (1 + self.jitter * (2 * torch.rand(len(x), 1, 1, 1) - 1))
        x = x + self.noise * torch.randn_like(x)
        corner = torch.randint(SIDE - self.cutout + 1, (len(x), 2))
        grid = torch.arange(SIDE)
        rows = (grid >= corner[:, :1]) & (grid < corner[:, :1] + self.cutout)
        cols = (grid >= corner[:, 1:]) & (grid < corner[:, 1:] + self.cutout)
        return x.masked_fill((rows[:, :, None] & cols[:, None, :]).unsqueeze(1), 0.0)
