"""Synthetic seismogram windows as 16x16 spectrograms: blast, local quake, tremor, calm."""
import numpy as np
import torch

CLASSES = ["calm", "tremor", "quake", "blast"]


def spectrogram(kind, rng):
    """Energy over time (columns) and frequency (rows, low first)."""
    t, f = np.meshgrid(np.arange(16), np.arange(16))
    s = rng.gamma(2.0, 0.25, (16, 16))
    start = rng.integers(1, 7)
    after = np.clip(t - start, 0, None)
    if CLASSES[kind] == "tremor":
        s += 1.6 * np.exp(-((f - rng.uniform(2, 6)) ** 2) / 3)
    elif CLASSES[kind] == "quake":
        s += 2.2 * (t >= start) * np.exp(-after / 4) * np.exp(-f / rng.uniform(6, 10))
    elif CLASSES[kind] == "blast":
        s += 2.2 * (t >= start) * np.exp(-after / 1.2)
    return s


def windows(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(CLASSES), n)
    x = np.log1p(np.stack([spectrogram(k, rng) for k in y])).astype(np.float32)
    x = (x - x.mean()) / x.std()
    return torch.from_numpy(x)[:, None], torch.from_numpy(y)
