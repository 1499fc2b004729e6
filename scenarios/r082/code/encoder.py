import torch
from torch import nn

from pantry import MAX_LEN, PAD, VOCAB_SIZE


class Layer(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.attention_norm = nn.LayerNorm(width)
        self.intermediate = nn.Linear(width, 4 * width)
        self.output = nn.Linear(4 * width, width)
        self.output_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, ignore):
        mixed, _ = self.attention(x, x, x, key_padding_mask=ignore, need_weights=False)
        x = self.attention_norm(x + self.dropout(mixed))
        mixed = self.output(nn.functional.gelu(self.intermediate(x)))
        return self.output_norm(x + self.dropout(mixed))


class PantryBert(nn.Module):
    def __init__(self, classes, width=32, layers=2, heads=4, dropout=0.1):
        super().__init__()
        self.words = nn.Embedding(VOCAB_SIZE, width, padding_idx=PAD)
        self.positions = nn.Embedding(MAX_LEN, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(width, heads, dropout) for _ in range(layers))
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)
        self.apply(self._init)

    @staticmethod
    def _init(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, ids):
        x = self.words(ids) + self.positions.weight[: ids.size(1)]
        x = self.dropout(self.norm(x))
        for layer in self.layers:
            x = layer(x, ids == PAD)
        return self.classifier(self.dropout(torch.tanh(self.pooler(x[:, 0]))))
