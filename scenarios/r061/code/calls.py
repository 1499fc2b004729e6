"""Echolocation calls of five bat species, rendered as spectrograms.

The survey itself only stores, per call, the parameters of a fitted sweep; the picture is rendered when it is needed,
together with a piece of background (rain, crickets, the recorder's own hum).
"""
import numpy as np
from torch.utils.data import Dataset

SPECIES = ["pipistrelle", "noctule", "serotine", "barbastelle", "horseshoe"]
#            start kHz, end kHz, length, curvature
SWEEPS = np.array([[74, 45, 0.30, 2.5], [27, 20, 0.75, 1.0], [52, 26, 0.45, 2.0], [44, 31, 0.22, 1.0], [66, 66, 0.85, 0.6]])
BINS, FRAMES = 64, 192
TOP_KHZ = 90.0


def survey(n, seed):
    """n rows: species, start, end, length, curvature, loudness."""
    rng = np.random.default_rng(seed)
    species = rng.integers(len(SPECIES), size=n)
    sweep = SWEEPS[species] * rng.normal(1.0, 0.05, (n, 4))
    return species, np.column_stack([sweep, rng.uniform(0.7, 1.3, n)])


def render(sweep, onset, background):
    """Spectrogram (BINS x FRAMES) of one call that starts at `onset`, over the background noise of that number."""
    start, end, length, curve, loudness = sweep
    t = (np.arange(FRAMES) - onset) / (length * 100)
    inside = (t >= 0) & (t <= 1)
    pitch = (end + (start - end) * (1 - np.clip(t, 0, 1)) ** curve) / TOP_KHZ * BINS
    rows = np.arange(BINS)[:, None]
    picture = loudness * np.exp(-0.5 * ((rows - pitch) / 1.5) ** 2) * inside
    noise = np.random.default_rng(background).standard_normal((BINS, FRAMES))
    return picture + 0.25 * noise


class CallDataset(Dataset):
    """Rendering is the slow part, so pictures are kept once they exist."""

    def __init__(self, n, seed, augment):
        self.species, self.sweeps = survey(n, seed)
        self.augment = augment
        self.rng = np.random.default_rng(seed + 1)
        self.rendered = {}

    def __len__(self):
        return len(self.species)

    def placement(self, i):
        """Where the call starts, and which background it gets."""
        if self.augment:
            return int(self.rng.integers(5, 80)), int(self.rng.integers(1_000_000))
        return 20 + i % 50, i

    def picture(self, i):
        onset, background = self.placement(i)
        key = (i, onset, background)
        if key not in self.rendered:
            self.rendered[key] = render(self.sweeps[i], onset, background)
        return self.rendered[key]

    def __getitem__(self, i):
        x = self.picture(i).astype("float32")
        # halve the time axis, the network does not need 192 frames
        return x.reshape(BINS, FRAMES // 2, 2).mean(2)[None], int(self.species[i])
