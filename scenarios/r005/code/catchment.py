"""Rain and melt of a made-up catchment, and the gauge reading they lead to (hourly, two linear reservoirs)."""
import numpy as np
import torch


def hours(series, length, seed):
    rng = np.random.default_rng(seed)
    rain = rng.gamma(2.0, 0.25, (series, length))
    t = np.arange(length)
    melt = np.clip(np.sin(2 * np.pi * (t[None] + rng.integers(0, 24, (series, 1))) / 24), 0, None)
    melt = melt * rng.uniform(0.2, 1.0, (series, 1))
    fast, slow = np.zeros(series), np.zeros(series)
    level = np.zeros((series, length))
    for h in range(length):
        fast = 0.75 * fast + rain[:, h]
        slow = 0.95 * slow + 0.25 * melt[:, h] + 0.1 * rain[:, h]
        level[:, h] = 0.6 * fast + 0.5 * slow
    x = np.stack([(rain - 0.5) / 0.35, melt - 0.2], -1)
    y = (level - 2.2) / 0.5
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
