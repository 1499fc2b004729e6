import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.h, self.d = cfg["n_heads"], cfg["d_model"] // cfg["n_heads"]
        self.query, self.key, self.value, self.dense = (nn.Linear(cfg["d_model"], cfg["d_model"]) for _ in range(4))

    def split(self, x):
        return x.view(*x.shape[:2], self.h, self.d).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.d)
        probs = scores.softmax(dim=-1)
        return self.dense((probs @ v).transpose(1, 2).reshape(x.shape))


class Encoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg["d_model"]
        self.attention, self.ln1, self.ln2 = SelfAttention(cfg), nn.LayerNorm(d), nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, cfg["d_inner"]), nn.GELU(), nn.Linear(cfg["d_inner"], d))

    def forward(self, x):
        x = self.ln1(x + self.attention(x))
        return self.ln2(x + self.mlp(x))


class BertForMaskedLM(nn.Module):
    def __init__(self, cfg, vocab):
        super().__init__()
        d = cfg["d_model"]
        self.word, self.position = nn.Embedding(vocab, d), nn.Embedding(cfg["max_positions"], d)
        self.segment = nn.Embedding(2, d)
        self.ln = nn.LayerNorm(d)
        self.layers = nn.ModuleList(Encoder(cfg) for _ in range(cfg["n_layers"]))
        self.transform = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.LayerNorm(d))
        self.bias = nn.Parameter(torch.zeros(vocab))
        for table in (self.word, self.position, self.segment):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, ids):
        x = self.word(ids) + self.position.weight[: ids.shape[1]] + self.segment(torch.zeros_like(ids))
        x = self.ln(x)
        for layer in self.layers:
            x = layer(x)
        return self.transform(x) @ self.word.weight.T + self.bias
