"""Mel patches of five call types. Stand-ins for the cut-outs of the 2021 season until the originals are cleared."""
import numpy as np
import torch

TYPES = ["trill", "whistle", "upsweep", "downsweep", "rattle"]
N_MELS, N_FRAMES = 32, 48


def patch(kind, rng, noise):
    t = np.linspace(0.0, 1.0, N_FRAMES)
    band = np.arange(N_MELS)[:, None]
    base = rng.uniform(11, 21)
    spread = 1.3
    if kind == 0:
        centre = base + 4.0 * np.sin(2 * np.pi * rng.uniform(4, 6) * t + rng.uniform(0, 6))
    elif kind == 1:
        centre = base + rng.uniform(-0.5, 0.5) * t
    elif kind == 2:
        centre = base + rng.uniform(10, 15) * (t - 0.5)
    elif kind == 3:
        centre = base - rng.uniform(10, 15) * (t - 0.5)
    else:
        centre, spread = base + 0.0 * t, 6.0
    start = rng.uniform(0.0, 0.25)
    gate = (t > start) & (t < start + rng.uniform(0.5, 0.75))
    energy = np.exp(-0.5 * ((band - centre[None, :]) / spread) ** 2) * gate[None, :]
    return energy + noise * rng.standard_normal((N_MELS, N_FRAMES))


def make_patches(n, seed, noise):
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(TYPES), n)
    x = np.stack([patch(k, rng, noise) for k in kinds]).astype(np.float32)
    x = (x - x.mean()) / x.std()
    return torch.from_numpy(x).unsqueeze(1), torch.from_numpy(kinds)
