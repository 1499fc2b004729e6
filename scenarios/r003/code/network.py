import math

import torch
from torch import nn


def sinusoids(length, dim):
    place = torch.arange(length)[:, None]
    rate = torch.exp(torch.arange(0, dim, 2) * (-math.log(1000.0) / dim))
    table = torch.zeros(length, dim)
    table[:, 0::2], table[:, 1::2] = torch.sin(place * rate), torch.cos(place * rate)
    return table


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm_a, self.norm_f = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.mix = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def forward(self, x, mask):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm_a(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        scores = scores.masked_fill(~mask[:, None, None, :], -1e9)
        x = x + self.mix((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.feed(self.norm_f(x))


class TrainClassifier(nn.Module):
    def __init__(self, symbols, classes, dim=32, heads=2, layers=2, longest=64):
        super().__init__()
        self.embed = nn.Embedding(symbols, dim)
        # two axles in a row are read together, as the counter does
        self.pair = nn.Linear(2 * dim, dim)
        self.register_buffer("table", sinusoids(longest, dim), persistent=False)
        self.layers = nn.ModuleList(Layer(dim, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.score = nn.Linear(dim, 1)
        self.head = nn.Linear(dim, classes)

    def forward(self, ids, mask):
        x = self.embed(ids)
        before = nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]
        x = self.pair(torch.cat([before, x], -1)) + 0.5 * self.table[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x, mask)
        x = self.norm(x)
        weight = self.score(x).squeeze(-1).masked_fill(~mask, -1e9).softmax(-1)
        return self.head((weight[..., None] * x).sum(1))
