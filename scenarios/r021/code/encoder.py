import math

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads, hidden, dropout):
        super().__init__()
        self.heads, self.size = heads, dim // heads
        self.q_lin, self.k_lin, self.v_lin, self.out_lin = (nn.Linear(dim, dim) for _ in range(4))
        self.sa_layer_norm = nn.LayerNorm(dim, eps=1e-12)
        self.ffn = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim), nn.Dropout(dropout))
        self.output_layer_norm = nn.LayerNorm(dim, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def split(self, x):
        return x.view(*x.shape[:2], self.heads, self.size).transpose(1, 2)

    def forward(self, x, mask):
        q, k, v = (self.split(f(x)) for f in (self.q_lin, self.k_lin, self.v_lin))
        weights = (q @ k.transpose(2, 3) / math.sqrt(self.size)).masked_fill(mask[:, None, None] == 0, -1e9).softmax(-1)
        y = (self.dropout(weights) @ v).transpose(1, 2).flatten(2)
        x = self.sa_layer_norm(x + self.out_lin(y))
        return self.output_layer_norm(x + self.ffn(x))


class DistilClassifier(nn.Module):
    """DistilBERT in small: no token types, no pooler, a head on the first position."""

    def __init__(self, vocab, classes, max_len, dim=32, n_layers=2, n_heads=4, hidden_dim=64, dropout=0.1):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, dim, padding_idx=0)
        self.position_embeddings = nn.Embedding(max_len, dim)
        self.layer_norm = nn.LayerNorm(dim, eps=1e-12)
        self.layers = nn.ModuleList(Block(dim, n_heads, hidden_dim, dropout) for _ in range(n_layers))
        self.pre_classifier = nn.Linear(dim, dim)
        self.classifier = nn.Linear(dim, classes)
        self.dropout = nn.Dropout(dropout)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.1)

    def forward(self, ids, mask):
        x = self.word_embeddings(ids) + self.position_embeddings(torch.arange(ids.shape[1]))
        x = self.dropout(self.layer_norm(x))
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(self.dropout(torch.relu(self.pre_classifier(x[:, 0]))))
