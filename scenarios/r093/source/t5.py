"""T5 in small: relative position bias shared by the layers, RMS norm, no biases, tied embeddings."""
import math

import torch
import torch.nn.functional as F
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x, source, bias):
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        scores = split(self.q(x)) @ split(self.k(source)).transpose(-1, -2) + bias
        return self.o((scores.softmax(-1) @ split(self.v(source))).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.wi, self.wo = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)

    def forward(self, x):
        return self.wo(F.relu(self.wi(x)))


class Layer(nn.Module):
    def __init__(self, width, heads, crossing):
        super().__init__()
        self.own, self.own_norm = Attention(width, heads), RMSNorm(width)
        self.cross, self.cross_norm = (Attention(width, heads), RMSNorm(width)) if crossing else (None, None)
        self.forward_part, self.last_norm = FeedForward(width), RMSNorm(width)

    def forward(self, x, bias, memory=None, memory_bias=None):
        y = self.own_norm(x)
        x = x + self.own(y, y, bias)
        if self.cross is not None:
            x = x + self.cross(self.cross_norm(x), memory, memory_bias)
        return x + self.forward_part(self.last_norm(x))


class RelativeBias(nn.Module):
    def __init__(self, heads, reach=12):
        super().__init__()
        self.reach = reach
        self.table = nn.Embedding(2 * reach + 1, heads)

    def forward(self, length):
        places = torch.arange(length)
        distance = (places[None, :] - places[:, None]).clamp(-self.reach, self.reach) + self.reach
        return self.table(distance).permute(2, 0, 1)


class SmallT5(nn.Module):
    def __init__(self, vocabulary, width=48, heads=4, layers=1):
        super().__init__()
        self.shared = nn.Embedding(vocabulary, width)
        self.encoder = nn.ModuleList(Layer(width, heads, False) for _ in range(layers))
        self.decoder = nn.ModuleList(Layer(width, heads, True) for _ in range(layers))
        self.encoder_bias, self.decoder_bias = RelativeBias(heads), RelativeBias(heads)
        self.encoder_norm, self.decoder_norm = RMSNorm(width), RMSNorm(width)
        self.scale = 1 / math.sqrt(width)

    def forward(self, source, target_in):
        hidden = source.eq(0)[:, None, None, :] * -1e4
        x, bias = self.shared(source), self.encoder_bias(source.shape[1]) + hidden
        for layer in self.encoder:
            x = layer(x, bias)
        memory = self.encoder_norm(x)
        y = self.shared(target_in)
        later = torch.full((y.shape[1], y.shape[1]), -1e4).triu(1)
        bias = self.decoder_bias(y.shape[1]) + later
        for layer in self.decoder:
            y = layer(y, bias, memory, hidden)
        return F.linear(self.decoder_norm(y) * self.scale, self.shared.weight)
