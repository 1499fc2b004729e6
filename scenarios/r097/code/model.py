import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.q_lin, self.k_lin, self.v_lin, self.out_lin = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x, keep):
        b, t, d = x.shape
        q, k, v = (lin(x).view(b, t, self.heads, -1).transpose(1, 2) for lin in (self.q_lin, self.k_lin, self.v_lin))
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // self.heads)
        scores = scores.masked_fill(~keep[:, None, None, :], float("-inf"))
        weights = F.dropout(scores.softmax(-1), self.dropout, self.training)
        return self.out_lin((weights @ v).transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.attention = Attention(dim, heads, dropout)
        self.sa_norm, self.out_norm = nn.LayerNorm(dim, eps=1e-12), nn.LayerNorm(dim, eps=1e-12)
        self.ffn = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), nn.Dropout(dropout))

    def forward(self, x, keep):
        x = self.sa_norm(x + self.attention(x, keep))
        return self.out_norm(x + self.ffn(x))


class DistilEncoder(nn.Module):
    """No token types, no pooler: half of a small BERT."""

    def __init__(self, vocab, length, dim, layers, heads, dropout):
        super().__init__()
        self.word, self.position = nn.Embedding(vocab, dim, padding_idx=0), nn.Embedding(length, dim)
        self.norm, self.dropout = nn.LayerNorm(dim, eps=1e-12), nn.Dropout(dropout)
        self.layers = nn.ModuleList(Block(dim, heads, dropout) for _ in range(layers))

    def forward(self, ids):
        keep = ids != 0
        x = self.word(ids) + self.position(torch.arange(ids.size(1), device=ids.device))
        x = self.dropout(self.norm(x))
        for layer in self.layers:
            x = layer(x, keep)
        return x


class StarRater(nn.Module):
    def __init__(self, vocab, length, num_labels, dim=48, layers=2, heads=4, dropout=0.1):
        super().__init__()
        self.distil = DistilEncoder(vocab, length, dim, layers, heads, dropout)
        self.pre_classifier, self.classifier = nn.Linear(dim, dim), nn.Linear(dim, num_labels)
        self.dropout = nn.Dropout(0.2)

    def forward(self, ids, labels=None):
        first = self.distil(ids)[:, 0]
        logits = self.classifier(self.dropout(F.relu(self.pre_classifier(first))))
        loss = F.cross_entropy(logits, labels) if labels is not None else None
        return loss, logits
