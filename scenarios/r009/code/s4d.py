"""Diagonal state-space sequence model; the state equation is applied as one long convolution (FFT)."""
import math

import torch
from torch import nn


class S4D(nn.Module):
    def __init__(self, dim, state, dt_min=0.002, dt_max=0.2):
        super().__init__()
        dt = torch.rand(dim) * (math.log(dt_max) - math.log(dt_min)) + math.log(dt_min)
        self.log_dt = nn.Parameter(dt)
        self.log_decay = nn.Parameter(torch.log(0.5 * torch.ones(dim, state)))
        self.frequency = nn.Parameter(math.pi * torch.arange(state).repeat(dim, 1).float())
        self.c = nn.Parameter(torch.randn(dim, state, 2) * 0.5 ** 0.5)
        self.skip = nn.Parameter(torch.randn(dim))

    def kernel(self, length):
        dt = self.log_dt.exp()[:, None]
        pole = torch.complex(-self.log_decay.exp(), self.frequency)
        c = torch.view_as_complex(self.c) * (torch.exp(pole * dt) - 1) / pole
        powers = torch.exp((pole * dt)[..., None] * torch.arange(length))
        return 2 * torch.einsum("dn,dnl->dl", c, powers).real

    def forward(self, u):
        """u: batch x dim x length"""
        length = u.size(-1)
        k = torch.fft.rfft(self.kernel(length), n=2 * length)
        y = torch.fft.irfft(torch.fft.rfft(u, n=2 * length) * k, n=2 * length)[..., :length]
        return y + u * self.skip[:, None]


class SessionSSM(nn.Module):
    def __init__(self, events, dim=32, layers=2, state=4, dropout=0.0):
        super().__init__()
        self.embed = nn.Embedding(events, dim, padding_idx=0)
        self.ssm = nn.ModuleList([S4D(dim, state) for _ in range(layers)])
        self.mix = nn.ModuleList([nn.Linear(dim, dim) for _ in range(layers)])
        self.norm = nn.ModuleList([nn.LayerNorm(dim) for _ in range(layers)])
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(dim, 1)

    def forward(self, ids, lengths):
        x = self.embed(ids)
        for ssm, mix, norm in zip(self.ssm, self.mix, self.norm):
            y = ssm(norm(x).transpose(1, 2)).transpose(1, 2)
            x = x + self.drop(mix(nn.functional.gelu(y)))
        real = (ids > 0).unsqueeze(-1)
        return self.head((x * real).sum(1) / lengths.unsqueeze(1)).squeeze(1)
