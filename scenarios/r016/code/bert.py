import torch
from torch import nn


class BertForChapters(nn.Module):
    def __init__(self, vocab, labels, hidden=96, layers=2, heads=4, positions=32):
        super().__init__()
        self.word = nn.Embedding(vocab, hidden, padding_idx=0)
        self.position = nn.Embedding(positions, hidden)
        self.segment = nn.Embedding(2, hidden)
        for table in (self.word, self.position, self.segment):
            nn.init.normal_(table.weight, std=0.05)
        self.norm = nn.LayerNorm(hidden)
        layer = nn.TransformerEncoderLayer(hidden, heads, 4 * hidden, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pooler = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh())
        self.classifier = nn.Linear(hidden, labels)

    def forward(self, ids):
        x = self.word(ids) + self.position.weight[: ids.size(1)] + self.segment.weight[0]
        x = self.encoder(self.norm(x), src_key_padding_mask=ids.eq(0))
        return self.classifier(self.pooler(x[:, 0]))
