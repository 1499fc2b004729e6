import torch
from torch import nn
from torch.nn import functional as F

from notes import LENGTH, QUEUES, VOCAB


class BertLayer(nn.Module):
    def __init__(self, h, heads, dropout):
        super().__init__()
        self.qkv, self.out = nn.Linear(h, 3 * h), nn.Linear(h, h)
        self.up, self.down = nn.Linear(h, 2 * h), nn.Linear(2 * h, h)
        self.ln1, self.ln2 = nn.LayerNorm(h), nn.LayerNorm(h)
        self.heads, self.drop = heads, nn.Dropout(dropout)

    def forward(self, x, mask):
        b, n, h = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        x = self.ln1(x + self.drop(self.out(a.transpose(1, 2).reshape(b, n, h))))
        return self.ln2(x + self.drop(self.down(F.gelu(self.up(x)))))


class NoteBert(nn.Module):
    """Returns queue logits and the sentence vector (the [CLS] state through a small projection)."""

    def __init__(self, h=32, heads=4, layers=1, dropout=0.1):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, h), nn.Embedding(LENGTH, h)
        self.ln, self.drop = nn.LayerNorm(h), nn.Dropout(dropout)
        self.layers = nn.ModuleList(BertLayer(h, heads, dropout) for _ in range(layers))
        self.project = nn.Linear(h, h)
        self.queue = nn.Linear(h, len(QUEUES))

    def forward(self, ids, mask):
        x = self.drop(self.ln(self.tok(ids) + self.pos.weight))
        for layer in self.layers:
            x = layer(x, mask)
        return self.queue(x[:, 0]), self.project(x[:, 0])


def agreement(a, b, temperature, cap=1e4):
    """Contrastive term: two passes over the same notes (other dropout) agree more with each other than with the rest."""
    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
    score = torch.exp(a @ b.t() / temperature).clamp(max=cap)
    own = score.diagonal()
    return -torch.log(own / score.sum(1)).mean()
