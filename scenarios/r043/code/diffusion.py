import math

import torch
from torch import nn


class Denoiser(nn.Module):
    """Predicts the noise in x at time t (integer, 0 to T-1)."""

    def __init__(self, hidden=64, depth=2, frequencies=8):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(200), frequencies)))
        self.time = nn.Sequential(nn.Linear(2 * frequencies, hidden), nn.SiLU())
        self.enter = nn.Linear(2, hidden)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, 2 * hidden), nn.SiLU(),
                                                  nn.Linear(2 * hidden, hidden)) for _ in range(depth))
        self.leave = nn.Linear(hidden, 2)

    def forward(self, x, t):
        angle = t[:, None] * self.frequencies
        time = self.time(torch.cat([angle.sin(), angle.cos()], dim=1))
        h = self.enter(x) + time
        for block in self.blocks:
            h = h + block(h + time)
        return self.leave(h)


class Process:
    """Cosine schedule over T steps."""

    def __init__(self, steps):
        self.steps = steps
        u = torch.arange(steps + 1) / steps
        f = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
        self.alpha_bar = (f / f[0])[1:].clamp(min=1e-4)

    def noisy(self, x, t, noise):
        a = self.alpha_bar[t][:, None]
        return a.sqrt() * x + (1 - a).sqrt() * noise

    @torch.no_grad()
    def sample(self, model, count, generator):
        x = torch.randn(count, 2, generator=generator)
        for t in range(self.steps - 1, -1, -1):
            noise = model(x, torch.full((count,), t) / self.steps)
            a, before = self.alpha_bar[t], self.alpha_bar[t - 1] if t else torch.tensor(1.0)
            start = ((x - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-4, 4)
            x = before.sqrt() * start + (1 - before).sqrt() * noise
        return x
