import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.sa_norm = nn.LayerNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.output_norm = nn.LayerNorm(dim)

    def forward(self, x, pad):
        x = self.sa_norm(x + self.attention(x, x, x, key_padding_mask=pad, need_weights=False)[0])
        return self.output_norm(x + self.ffn(x))


class Distil(nn.Module):
    """Six-layer student, cut to what a laptop can do; no token types, no pooler."""

    def __init__(self, vocab, dim, heads, layers, length):
        super().__init__()
        self.word_embed = nn.Embedding(vocab, dim, padding_idx=0)
        self.place_embed = nn.Embedding(length, dim)
        self.embed_norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList(Layer(dim, heads) for _ in range(layers))

    def forward(self, ids):
        x = self.embed_norm(self.word_embed(ids) + self.place_embed.weight[: ids.size(1)])
        for layer in self.layers:
            x = layer(x, ids == 0)
        return x[:, 0]


class Head(nn.Module):
    def __init__(self, dim, outputs):
        super().__init__()
        self.pre_layer = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)
        self.out_layer = nn.Linear(dim, outputs)

    def forward(self, h):
        return self.out_layer(torch.relu(self.norm(self.pre_layer(h))))


class Reader(nn.Module):
    def __init__(self, vocab, outputs, dim=48, heads=4, layers=2, length=16):
        super().__init__()
        self.distil = Distil(vocab, dim, heads, layers, length)
        self.head = Head(dim, outputs)

    def forward(self, ids):
        return self.head(self.distil(ids))
