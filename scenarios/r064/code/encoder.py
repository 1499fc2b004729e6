import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, keep):
        b, n, w = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(w // self.heads)
        scores = scores.masked_fill(~keep[:, None, None, :], torch.finfo(scores.dtype).min)
        mixed = scores.softmax(dim=-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(b, n, w))


class Layer(nn.Module):
    def __init__(self, width, heads, ff, dropout):
        super().__init__()
        self.attention, self.norm1 = SelfAttention(width, heads), nn.LayerNorm(width)
        self.inner, self.outer, self.norm2 = nn.Linear(width, ff), nn.Linear(ff, width), nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, keep):
        x = self.norm1(x + self.drop(self.attention(x, keep)))
        return self.norm2(x + self.drop(self.outer(F.gelu(self.inner(x)))))


class TicketBert(nn.Module):
    def __init__(self, words, labels, width, heads, depth, ff, context, dropout):
        super().__init__()
        self.words = nn.Embedding(words, width, padding_idx=0)
        self.positions = nn.Embedding(context, width)
        nn.init.normal_(self.positions.weight, std=0.02)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList([Layer(width, heads, ff, dropout) for _ in range(depth)])
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, labels)

    def forward(self, ids):
        keep = ids.ne(0)
        x = self.norm(self.words(ids) + self.positions.weight[: ids.size(1)])
        for layer in self.layers:
            x = layer(x, keep)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))
