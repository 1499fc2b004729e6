import math

import torch
import torch.nn.functional as F
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def bucket(relative, two_sided, buckets, far):
    """Relative distance -> bucket: exact when near, logarithmic when far."""
    base = torch.zeros_like(relative)
    if two_sided:
        buckets //= 2
        base = (relative > 0).long() * buckets
        relative = relative.abs()
    else:
        relative = (-relative).clamp(min=0)
    near = buckets // 2
    scaled = near + (relative.clamp(min=1).float() / near).log() / math.log(far / near) * (buckets - near)
    return base + torch.where(relative < near, relative, scaled.long().clamp(max=buckets - 1))


class RelativeBias(nn.Module):
    def __init__(self, heads, two_sided, buckets=16, far=32):
        super().__init__()
        self.table = nn.Embedding(buckets, heads)
        self.args = (two_sided, buckets, far)

    def forward(self, length):
        place = torch.arange(length)
        return self.table(bucket(place[None] - place[:, None], *self.args)).permute(2, 0, 1)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))

    def forward(self, x, memory, mask):
        b, t, d = x.shape
        split = lambda y: y.view(b, -1, self.heads, d // self.heads).transpose(1, 2)
        y = F.scaled_dot_product_attention(split(self.q(x)), split(self.k(memory)), split(self.v(memory)), attn_mask=mask)
        return self.o(y.transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, dim, heads, ff, cross):
        super().__init__()
        self.norm1, self.self_attention = RMSNorm(dim), Attention(dim, heads)
        self.cross = cross
        if cross:
            self.norm2, self.cross_attention = RMSNorm(dim), Attention(dim, heads)
        self.norm3 = RMSNorm(dim)
        self.wi, self.wo = nn.Linear(dim, ff, bias=False), nn.Linear(ff, dim, bias=False)

    def forward(self, x, mask, memory=None, memory_mask=None):
        h = self.norm1(x)
        x = x + self.self_attention(h, h, mask)
        if self.cross:
            x = x + self.cross_attention(self.norm2(x), memory, memory_mask)
        return x + self.wo(F.relu(self.wi(self.norm3(x))))


class Stack(nn.Module):
    def __init__(self, dim, heads, ff, layers, decoder):
        super().__init__()
        self.decoder = decoder
        self.bias = RelativeBias(heads, two_sided=not decoder)
        self.blocks = [Block(dim, heads, ff, cross=decoder) for _ in range(layers)]
        self.final_norm = RMSNorm(dim)

    def forward(self, x, visible=None, memory=None, memory_visible=None):
        mask = self.bias(x.size(1))[None]
        if self.decoder:
            ahead = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
            mask = mask.masked_fill(ahead, -1e9)
        if visible is not None:
            mask = mask.masked_fill(~visible[:, None, None, :], -1e9)
        memory_mask = None if memory_visible is None else memory_visible[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask, memory, memory_mask)
        return self.final_norm(x)


class T5(nn.Module):
    def __init__(self, vocab, dim, heads, ff, layers):
        super().__init__()
        self.shared = nn.Embedding(vocab, dim)
        self.encoder = Stack(dim, heads, ff, layers, decoder=False)
        self.decoder = Stack(dim, heads, ff, layers, decoder=True)
        self.lm_head = nn.Linear(dim, vocab, bias=False)

    def forward(self, source, target):
        visible = source != 0
        memory = self.encoder(self.shared(source), visible)
        shifted = F.pad(target[:, :-1], (1, 0))
        return self.lm_head(self.decoder(self.shared(shifted), None, memory, visible))

    @torch.no_grad()
    def generate(self, source, length):
        out = torch.zeros(len(source), length, dtype=torch.long)
        for i in range(length):
            out[:, i] = self(source, out)[:, i].argmax(-1)
        return out
