import torch
from torch import nn


class MiniBert(nn.Module):
    def __init__(self, vocab, hidden=48, heads=4, layers=2, length=14, dropout=0.1):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(vocab, hidden), nn.Embedding(length, hidden), nn.Embedding(2, hidden)
        self.norm, self.dropout = nn.LayerNorm(hidden, eps=1e-12), nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(hidden, heads, 2 * hidden, dropout, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(hidden), enable_nested_tensor=False)
        for module in (self.words, self.positions, self.types):
            nn.init.normal_(module.weight, std=0.2)

    def forward(self, ids):
        x = self.words(ids) + self.positions(torch.arange(ids.size(1))) + self.types(torch.zeros_like(ids))
        return self.encoder(self.dropout(self.norm(x)), src_key_padding_mask=ids == 0)


class Keywords(nn.Module):
    def __init__(self, bert, keywords):
        super().__init__()
        self.bert = bert
        self.classifier = nn.Linear(bert.words.embedding_dim, keywords)

    def forward(self, ids):
        return self.classifier(self.bert(ids)[:, 0])


class Department(nn.Module):
    """[CLS] and the mean of all positions into one linear layer."""

    def __init__(self, bert, classes):
        super().__init__()
        self.bert = bert
        self.classifier = nn.Linear(2 * bert.words.embedding_dim, classes)

    def forward(self, ids):
        x, keep = self.bert(ids), (ids != 0).unsqueeze(-1)
        return self.classifier(torch.cat([x[:, 0], (x * keep).sum(1) / keep.sum(1)], -1))
