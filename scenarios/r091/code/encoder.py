import torch
from torch import nn

from records import WORDS

PAD, CLS, SEP = 0, 1, 2
IDS = {word: i for i, word in enumerate(WORDS, start=3)}


def encode(rows, length):
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    for i, (words, _) in enumerate(rows):
        row = [CLS, *(IDS[w] for w in words), SEP][:length]
        ids[i, : len(row)] = torch.tensor(row)
    return ids, torch.tensor([label for _, label in rows])


class Bert(nn.Module):
    def __init__(self, dim=48, heads=4, layers=2, length=16, classes=4, dropout=0.1):
        super().__init__()
        self.token = nn.Embedding(len(WORDS) + 3, dim, padding_idx=PAD)
        self.position = nn.Embedding(length, dim)
        self.segment = nn.Embedding(2, dim)
        self.norm = nn.LayerNorm(dim)
        layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pooler = nn.Linear(dim, dim)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, classes))

    def forward(self, ids):
        x = self.token(ids) + self.position.weight[: ids.shape[1]] + self.segment.weight[0]
        x = self.encoder(self.norm(x), src_key_padding_mask=ids == PAD)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))
