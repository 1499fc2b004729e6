import math

import torch
import torch.nn.functional as F
from torch import nn


class DiagonalSSM(nn.Module):
    """x' = A x + B u, y = Re(C x) + D u with diagonal complex A (S4D); applied as a long convolution."""

    def __init__(self, channels, states):
        super().__init__()
        step = torch.exp(torch.empty(channels).uniform_(math.log(0.01), math.log(0.2)))
        self.log_step = nn.Parameter(step.log())
        self.log_decay = nn.Parameter(torch.full((channels, states), math.log(0.5)))
        self.freq = nn.Parameter(math.pi * torch.arange(states).float().repeat(channels, 1))
        self.c = nn.Parameter(torch.randn(channels, states, 2) * math.sqrt(0.5))
        self.d = nn.Parameter(torch.ones(channels))

    def kernel(self, length):
        a = torch.complex(-self.log_decay.exp(), self.freq) * self.log_step.exp()[:, None]
        c = torch.view_as_complex(self.c) * (a.exp() - 1.0) / torch.complex(-self.log_decay.exp(), self.freq)
        powers = torch.exp(a[..., None] * torch.arange(length))
        return 2.0 * torch.einsum("hn,hnl->hl", c, powers).real

    def forward(self, u):
        length = u.size(-1)
        spectrum = torch.fft.rfft(u, 2 * length) * torch.fft.rfft(self.kernel(length), 2 * length)
        return torch.fft.irfft(spectrum, 2 * length)[..., :length] + self.d[:, None] * u


class Block(nn.Module):
    def __init__(self, channels, states, dropout):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.ssm = DiagonalSSM(channels, states)
        self.mix = nn.Linear(channels, 2 * channels)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        h = F.gelu(self.ssm(self.norm(x).transpose(1, 2)).transpose(1, 2))
        return x + self.drop(F.glu(self.mix(h), -1))


class PitchSSM(nn.Module):
    def __init__(self, channels=32, states=8, blocks=1, dropout=0.0):
        super().__init__()
        self.lift = nn.Linear(1, channels)
        self.blocks = nn.Sequential(*(Block(channels, states, dropout) for _ in range(blocks)))
        self.norm = nn.LayerNorm(channels)
        self.read = nn.Sequential(nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, 1))

    def forward(self, trace):
        x = self.blocks(self.lift(trace[..., None]))
        return self.read(self.norm(x).mean(1)).squeeze(-1)
