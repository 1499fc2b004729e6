import math

import torch
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class Bias(nn.Module):
    """One number per head and distance."""

    def __init__(self, heads, reach=16):
        super().__init__()
        self.reach = reach
        self.table = nn.Embedding(2 * reach + 1, heads)

    def forward(self, rows, columns):
        distance = torch.arange(columns)[None, :] - torch.arange(rows)[:, None]
        return self.table(distance.clamp(-self.reach, self.reach) + self.reach).permute(2, 0, 1)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))

    def forward(self, x, memory, bias):
        b, t, d = x.shape
        q, k, v = (
            part.view(b, -1, self.heads, d // self.heads).transpose(1, 2)
            for part in (self.q(x), self.k(memory), self.v(memory))
        )
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.o(y.transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, dim, heads, cross):
        super().__init__()
        self.n1, self.own = RMSNorm(dim), Attention(dim, heads)
        self.cross = Attention(dim, heads) if cross else None
        self.n2 = RMSNorm(dim) if cross else None
        self.n3 = RMSNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, 2 * dim, bias=False), nn.ReLU(), nn.Linear(2 * dim, dim, bias=False))

    def forward(self, x, bias, memory=None, hidden=None):
        h = self.n1(x)
        x = x + self.own(h, h, bias)
        if self.cross is not None:
            x = x + self.cross(self.n2(x), memory, hidden)
        return x + self.ffn(self.n3(x))


class SmallT5(nn.Module):
    """Encoder-decoder with relative position biases, RMS norms and no bias terms. Id 0 pads and starts, 1 ends."""

    def __init__(self, letters, sounds, dim=48, heads=4, layers=1):
        super().__init__()
        self.letters, self.sounds = nn.Embedding(letters, dim), nn.Embedding(sounds, dim)
        self.encoder = nn.ModuleList(Block(dim, heads, False) for _ in range(layers))
        self.decoder = nn.ModuleList(Block(dim, heads, True) for _ in range(layers))
        self.encoder_bias, self.decoder_bias, self.cross_bias = Bias(heads), Bias(heads), Bias(heads)
        self.norm_e, self.norm_d = RMSNorm(dim), RMSNorm(dim)
        self.head = nn.Linear(dim, sounds, bias=False)

    def forward(self, source, target):
        s, t = source.shape[1], target.shape[1]
        unseen = (source == 0)[:, None, None, :] * -1e9
        x = self.letters(source)
        for block in self.encoder:
            x = block(x, self.encoder_bias(s, s) + unseen)
        memory = self.norm_e(x)
        causal = torch.full((t, t), -1e9).triu(1)
        y = self.sounds(target)
        for block in self.decoder:
            y = block(y, self.decoder_bias(t, t) + causal, memory, self.cross_bias(t, s) + unseen)
        return self.head(self.norm_d(y) / math.sqrt(y.shape[-1]) * 4)

    @torch.no_grad()
    def speak(self, source, length=8):
        out = torch.zeros(len(source), 1, dtype=torch.long)
        for _ in range(length):
            out = torch.cat([out, self(source, out)[:, -1:].argmax(-1)], 1)
        return out[:, 1:]
