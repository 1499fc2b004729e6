import torch
from torch import nn


class PeptideBert(nn.Module):
    def __init__(self, vocabulary, length, width=48, heads=4, layers=2, dropout=0.0):
        super().__init__()
        self.residue = nn.Embedding(vocabulary, width, padding_idx=0)
        self.place = nn.Embedding(length, width)
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.decoder = nn.Linear(width, vocabulary)

    def forward(self, rows):
        x = self.norm(self.residue(rows) + self.place.weight[: rows.shape[1]])
        return self.decoder(self.transform(self.body(x, src_key_padding_mask=rows.eq(0))))
