import torch
from torch import nn


class EncoderLayer(nn.Module):
    def __init__(self, dim, heads, ff):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.attn_norm = nn.LayerNorm(dim)
        self.ff = nn.Sequential(nn.Linear(dim, ff), nn.GELU(), nn.Linear(ff, dim))
        self.ff_norm = nn.LayerNorm(dim)

    def forward(self, x, padding):
        x = self.attn_norm(x + self.attn(x, x, x, key_padding_mask=padding, need_weights=False)[0])
        return self.ff_norm(x + self.ff(x))


class Bert(nn.Module):
    def __init__(self, vocab, dim=48, heads=4, ff=96, layers=1, length=16):
        super().__init__()
        self.word = nn.Embedding(vocab, dim, padding_idx=0)
        self.position = nn.Embedding(length, dim)
        nn.init.normal_(self.position.weight, std=0.02)
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList(EncoderLayer(dim, heads, ff) for _ in range(layers))

    def forward(self, ids):
        x = self.norm(self.word(ids) + self.position.weight[: ids.size(1)])
        for layer in self.layers:
            x = layer(x, ids == 0)
        return x


class MaskedLM(nn.Module):
    def __init__(self, vocab, **shape):
        super().__init__()
        self.bert = Bert(vocab, **shape)
        self.transform = nn.Sequential(nn.Linear(self.bert.word.embedding_dim, self.bert.word.embedding_dim), nn.GELU())
        self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, ids):
        return self.transform(self.bert(ids)) @ self.bert.word.weight.T + self.bias


class NoteClassifier(nn.Module):
    def __init__(self, vocab, classes, **shape):
        super().__init__()
        self.encoder = Bert(vocab, **shape)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(self.encoder.word.embedding_dim, classes)

    def forward(self, ids):
        kept = (ids > 3).unsqueeze(-1)
        pooled = (self.encoder(ids) * kept).sum(1) / kept.sum(1)
        return self.classifier(self.dropout(pooled))
