import torch
from torch import nn

from baskets import PAD, SHOPS, SPECIAL


class Layer(nn.Module):
    def __init__(self, dim, heads, ffn, dropout):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn), nn.GELU(), nn.Linear(ffn, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, padding):
        attended, _ = self.attention(x, x, x, key_padding_mask=padding, need_weights=False)
        x = self.norm1(x + self.dropout(attended))
        return self.norm2(x + self.dropout(self.ffn(x)))


class BasketBert(nn.Module):
    def __init__(self, rows, dim, layers, heads, ffn, dropout, positions=32):
        super().__init__()
        self.articles = nn.Embedding(SPECIAL + rows, dim, padding_idx=PAD)
        self.positions = nn.Embedding(positions, dim)
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList(Layer(dim, heads, ffn, dropout) for _ in range(layers))
        self.pooler = nn.Linear(dim, dim)
        self.classifier = nn.Linear(dim, len(SHOPS))

    def forward(self, ids):
        x = self.norm(self.articles(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, ids == PAD)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))
