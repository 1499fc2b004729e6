"""T5 in small: RMS norms before each block, relative position bias, no biases anywhere, pad as decoder start."""
import math

import torch
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Attention(nn.Module):
    def __init__(self, d, heads, buckets=0, bidirectional=True):
        super().__init__()
        self.heads, self.buckets, self.bidirectional = heads, buckets, bidirectional
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.bias = nn.Embedding(buckets, heads) if buckets else None

    def position_bias(self, n):
        offset = torch.arange(n)[None] - torch.arange(n)[:, None]
        if self.bidirectional:
            bucket = (offset + self.buckets // 2).clamp(0, self.buckets - 1)
        else:
            bucket = (-offset).clamp(0, self.buckets - 1)
        bias = self.bias(bucket).permute(2, 0, 1)
        if not self.bidirectional:
            bias = bias + torch.full((n, n), -1e9).triu(1)
        return bias

    def forward(self, x, memory=None, pad=None):
        memory = x if memory is None else memory
        split = lambda t: t.view(t.size(0), t.size(1), self.heads, -1).transpose(1, 2)
        q, k, v = split(self.q(x)), split(self.k(memory)), split(self.v(memory))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.size(-1))
        if self.bias is not None:
            scores = scores + self.position_bias(x.size(1))
        if pad is not None:
            scores = scores.masked_fill(pad[:, None, None], -1e9)
        return self.o((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, m, decoder):
        super().__init__()
        d = m["d_model"]
        self.norms = nn.ModuleList([RMSNorm(d) for _ in range(3)])
        self.own = Attention(d, m["heads"], m["buckets"], not decoder)
        self.cross = Attention(d, m["heads"]) if decoder else None
        self.wi, self.wo = nn.Linear(d, m["d_ff"], bias=False), nn.Linear(m["d_ff"], d, bias=False)

    def forward(self, x, pad=None, memory=None):
        x = x + self.own(self.norms[0](x), pad=None if self.cross else pad)
        if self.cross is not None:
            x = x + self.cross(self.norms[1](x), memory, pad)
        return x + self.wo(torch.relu(self.wi(self.norms[2](x))))


class TinyT5(nn.Module):
    def __init__(self, n_source, n_target, m):
        super().__init__()
        d = m["d_model"]
        self.source, self.target = nn.Embedding(n_source, d), nn.Embedding(n_target, d)
        self.encoder = nn.ModuleList([Block(m, False) for _ in range(m["layers"])])
        self.decoder = nn.ModuleList([Block(m, True) for _ in range(m["layers"])])
        self.norms = nn.ModuleList([RMSNorm(d), RMSNorm(d)])
        self.lm_head = nn.Linear(d, n_target, bias=False)

    def forward(self, source, labels):
        pad = source.eq(0)
        h = self.source(source)
        for block in self.encoder:
            h = block(h, pad)
        h = self.norms[0](h)
        y = self.target(torch.cat([torch.zeros_like(labels[:, :1]), labels[:, :-1]], dim=1))
        for block in self.decoder:
            y = block(y, pad, h)
        return self.lm_head(self.norms[1](y))
