import torch
from torch import nn


class Embeddings(nn.Module):
    def __init__(self, vocab_size, hidden, max_positions, dropout):
        super().__init__()
        self.word = nn.Embedding(vocab_size, hidden, padding_idx=0)
        self.position = nn.Embedding(max_positions, hidden)
        self.token_type = nn.Embedding(2, hidden)
        self.norm, self.dropout = nn.LayerNorm(hidden, eps=1e-12), nn.Dropout(dropout)

    def forward(self, ids):
        where = torch.arange(ids.shape[1])
        return self.dropout(self.norm(self.word(ids) + self.position(where) + self.token_type(torch.zeros_like(ids))))


class Bert(nn.Module):
    def __init__(self, vocab_size, hidden, heads, layers, max_positions, dropout, classes):
        super().__init__()
        self.embeddings = Embeddings(vocab_size, hidden, max_positions, dropout)
        layer = nn.TransformerEncoderLayer(hidden, heads, 2 * hidden, dropout, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pooler = nn.Linear(hidden, hidden)
        self.classifier = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids, mask):
        x = self.encoder(self.embeddings(ids), src_key_padding_mask=~mask)
        return self.classifier(self.dropout(torch.tanh(self.pooler(x[:, 0]))))
