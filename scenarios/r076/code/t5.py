"""A T5 in miniature: relative position bias, RMSNorm before every block, no biases."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class RelativeBias(nn.Module):
    def __init__(self, heads, reach=8):
        super().__init__()
        self.reach = reach
        self.table = nn.Embedding(2 * reach + 1, heads)

    def forward(self, n):
        i = torch.arange(n)
        return self.table((i[None] - i[:, None]).clamp(-self.reach, self.reach) + self.reach).permute(2, 0, 1)


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))

    def forward(self, x, memory, bias):
        b, n, d = x.shape
        q, k, v = (f(y).view(b, -1, self.heads, d // self.heads).transpose(1, 2)
                   for f, y in ((self.q, x), (self.k, memory), (self.v, memory)))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(d // self.heads) + bias).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, d, ff, heads, cross):
        super().__init__()
        self.norm1, self.attn = RMSNorm(d), Attention(d, heads)
        self.norm2, self.cross = (RMSNorm(d), Attention(d, heads)) if cross else (None, None)
        self.norm3, self.wi, self.wo = RMSNorm(d), nn.Linear(d, ff, bias=False), nn.Linear(ff, d, bias=False)

    def forward(self, x, bias, memory=None, memory_bias=None):
        h = self.norm1(x)
        x = x + self.attn(h, h, bias)
        if self.cross is not None:
            x = x + self.cross(self.norm2(x), memory, memory_bias)
        return x + self.wo(F.relu(self.wi(self.norm3(x))))


class TinyT5(nn.Module):
    def __init__(self, n_source, n_target, d_model, d_ff, heads, layers):
        super().__init__()
        self.source, self.target = nn.Embedding(n_source, d_model), nn.Embedding(n_target, d_model)
        self.enc_bias, self.dec_bias = RelativeBias(heads), RelativeBias(heads)
        self.encoder = nn.ModuleList(Block(d_model, d_ff, heads, cross=False) for _ in range(layers))
        self.decoder = nn.ModuleList(Block(d_model, d_ff, heads, cross=True) for _ in range(layers))
        self.enc_norm, self.dec_norm = RMSNorm(d_model), RMSNorm(d_model)
        self.head = nn.Linear(d_model, n_target, bias=False)

    def forward(self, source, target):
        """Logits for `target` (B, T), each position from those before it; pad (0) starts the decoder."""
        hidden = (source == 0)[:, None, None] * -1e9
        x, bias = self.source(source), self.enc_bias(source.size(1))
        for block in self.encoder:
            x = block(x, bias + hidden)
        memory = self.enc_norm(x)
        shifted = F.pad(target[:, :-1], (1, 0))
        future = torch.full((target.size(1),) * 2, -1e9).triu(1)
        y, bias = self.target(shifted), self.dec_bias(target.size(1))
        for block in self.decoder:
            y = block(y, bias + future, memory, hidden)
        return self.head(self.dec_norm(y))

    @torch.no_grad()
    def generate(self, source, length):
        out = torch.zeros(len(source), length, dtype=torch.long)
        for t in range(length):
            out[:, t] = self(source, out)[:, t].argmax(-1)
        return out
