"""A diagonal state-space layer (S4D flavour), computed as a convolution with its own kernel."""
import math

import torch
from torch import nn


class DiagonalSSM(nn.Module):
    def __init__(self, channels, states):
        super().__init__()
        self.dt_raw = nn.Parameter(torch.randn(channels))
        self.a_raw = nn.Parameter(torch.zeros(channels, states))
        self.a_imag = nn.Parameter(math.pi * torch.arange(states).float().repeat(channels, 1))
        self.c = nn.Parameter(torch.view_as_real(torch.randn(channels, states, dtype=torch.cfloat) / math.sqrt(states)))
        self.skip = nn.Parameter(torch.ones(channels))

    def kernel(self, length):
        a = torch.complex(-0.05 - nn.functional.softplus(self.a_raw), self.a_imag)
        dt = (0.005 + 0.2 * torch.sigmoid(self.dt_raw))[:, None]
        c = torch.view_as_complex(self.c) * (torch.exp(dt * a) - 1) / a
        powers = torch.exp((dt * a)[..., None] * torch.arange(length))
        return 2 * torch.einsum("hn,hnl->hl", c, powers).real

    def forward(self, u):
        """u: (batch, length, channels)"""
        u = u.transpose(1, 2)
        n = u.size(-1)
        k = torch.fft.rfft(self.kernel(n), 2 * n)
        y = torch.fft.irfft(torch.fft.rfft(u, 2 * n) * k, 2 * n)[..., :n]
        return (y + self.skip[:, None] * u).transpose(1, 2)


class Forecaster(nn.Module):
    def __init__(self, inputs, channels=12, states=6, layers=2):
        super().__init__()
        self.encode = nn.Linear(inputs, channels)
        self.mixers = nn.ModuleList(DiagonalSSM(channels, states) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Linear(channels, 2 * channels) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(layers))
        self.decode = nn.Linear(channels, 1)

    def forward(self, x):
        x = self.encode(x)
        for mixer, gate, norm in zip(self.mixers, self.gates, self.norms):
            x = x + nn.functional.glu(gate(nn.functional.gelu(mixer(norm(x)))))
        return self.decode(x).squeeze(-1)
