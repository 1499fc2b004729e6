import math

import torch
import torch.nn.functional as F
from torch import nn

from catalogue import PAD, SPECIALS, START, WORDS


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class RelativeBias(nn.Module):
    """Learned bias per head and bucketed distance between query and key (16 buckets, log spaced beyond 8)."""

    def __init__(self, heads, buckets=16, far=128):
        super().__init__()
        self.table = nn.Embedding(buckets, heads)
        self.buckets, self.far = buckets, far

    def forward(self, n, device):
        place = torch.arange(n, device=device)
        distance = place[None] - place[:, None]
        half = self.buckets // 2
        d = distance.abs().float()
        log = 4 + (torch.log(d.clamp(min=4) / 4) / math.log(self.far / 4) * (half - 4)).long()
        bucket = torch.where(d < 4, d.long(), log.clamp(max=half - 1)) + half * (distance > 0)
        return self.table(bucket).permute(2, 0, 1)


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))

    def forward(self, x, memory, bias):
        q, k, v = (f(t).unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for f, t in ((self.q, x), (self.k, memory), (self.v, memory)))
        weights = F.softmax(q @ k.transpose(-1, -2) + bias, dim=-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, d, heads, d_ff, cross):
        super().__init__()
        self.n1, self.attn = RMSNorm(d), Attention(d, heads)
        self.n2, self.cross = (RMSNorm(d), Attention(d, heads)) if cross else (None, None)
        self.n3, self.wi, self.wo = RMSNorm(d), nn.Linear(d, d_ff, bias=False), nn.Linear(d_ff, d, bias=False)

    def forward(self, x, bias, memory=None, memory_bias=None):
        h = self.n1(x)
        x = x + self.attn(h, h, bias)
        if self.cross is not None:
            x = x + self.cross(self.n2(x), memory, memory_bias)
        return x + self.wo(F.relu(self.wi(self.n3(x))))


class T5(nn.Module):
    def __init__(self, d=48, heads=4, d_ff=96, layers=2):
        super().__init__()
        self.shared = nn.Embedding(len(SPECIALS) + WORDS, d)
        self.encoder = nn.ModuleList(Block(d, heads, d_ff, False) for _ in range(layers))
        self.decoder = nn.ModuleList(Block(d, heads, d_ff, True) for _ in range(layers))
        self.enc_bias, self.dec_bias = RelativeBias(heads), RelativeBias(heads)
        self.enc_norm, self.dec_norm = RMSNorm(d), RMSNorm(d)
        nn.init.normal_(self.shared.weight, std=0.5)
        self.scale = d ** -0.5

    def forward(self, source, target):
        """Logits for every token of `target`, given the ones before it."""
        gap = (source == PAD)[:, None, None].float() * -1e4
        x = self.shared(source)
        bias = self.enc_bias(source.shape[1], source.device) + gap
        for block in self.encoder:
            x = block(x, bias)
        memory = self.enc_norm(x)
        y = self.shared(F.pad(target[:, :-1], (1, 0), value=START))
        n = target.shape[1]
        ahead = torch.full((n, n), -1e4, device=source.device).triu(1)
        bias = self.dec_bias(n, source.device) + ahead
        for block in self.decoder:
            y = block(y, bias, memory, gap)
        return self.dec_norm(y) @ self.shared.weight.T * self.scale

    @torch.no_grad()
    def generate(self, source, steps=3):
        out = torch.zeros(len(source), 0, dtype=torch.long, device=source.device)
        for _ in range(steps):
            slot = F.pad(out, (0, 1), value=PAD)
            out = torch.cat([out, self(source, slot)[:, -1:].argmax(-1)], dim=1)
        return out
