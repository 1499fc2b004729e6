import math

import torch
from torch import nn


class S4D(nn.Module):
    """Diagonal state space layer, real input and output, complex state (N per channel), run as a convolution."""

    def __init__(self, channels, states=8, dt_min=0.01, dt_max=0.3):
        super().__init__()
        self.log_dt = nn.Parameter(torch.empty(channels).uniform_(math.log(dt_min), math.log(dt_max)))
        self.log_decay = nn.Parameter(torch.full((channels, states), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(states).float().repeat(channels, 1))
        self.c = nn.Parameter(torch.randn(channels, states, 2) * math.sqrt(0.5))
        self.d = nn.Parameter(torch.ones(channels))

    def kernel(self, length):
        dt = self.log_dt.exp()[:, None]
        a = torch.complex(-self.log_decay.exp(), self.frequency) * dt
        b = (a.exp() - 1) / (a / dt)
        powers = (a[..., None] * torch.arange(length, device=a.device)).exp()
        return 2 * torch.einsum("cn,cnl->cl", torch.view_as_complex(self.c) * b, powers).real

    def forward(self, u):
        """(batch, length, channels), causal."""
        length = u.shape[1]
        k = torch.fft.rfft(self.kernel(length), n=2 * length)
        x = torch.fft.rfft(u.transpose(1, 2), n=2 * length)
        y = torch.fft.irfft(k * x, n=2 * length)[..., :length].transpose(1, 2)
        return y + self.d * u


class Tagger(nn.Module):
    """A label for every sample of the record."""

    def __init__(self, inputs=3, classes=4, width=24, layers=2, states=8, dropout=0.0):
        super().__init__()
        self.into = nn.Linear(inputs, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.mixers = nn.ModuleList(S4D(width, states) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(width, 2 * width), nn.GLU())
                                   for _ in range(layers))
        self.out = nn.Linear(width, classes)

    def forward(self, x):
        x = self.into(x)
        for norm, mixer, gate in zip(self.norms, self.mixers, self.gates):
            # the record is there in full, so every second layer reads it from its end
            h = norm(x).flip(1)
            x = x.flip(1) + gate(mixer(h))
        return self.out(x.flip(1) if len(self.mixers) % 2 else x)
