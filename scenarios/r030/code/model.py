import torch
from torch import nn

PAD, CLS, SEP, UNK = 0, 1, 2, 3


class Vocabulary:
    def __init__(self, texts):
        words = sorted({word for text in texts for word in text.split()})
        self.ids = {word: i for i, word in enumerate(words, start=4)}

    def __len__(self):
        return len(self.ids) + 4

    def encode(self, text, max_length):
        ids = [CLS] + [self.ids.get(word, UNK) for word in text.split()][: max_length - 2] + [SEP]
        return ids + [PAD] * (max_length - len(ids))


class Layer(nn.Module):
    def __init__(self, dim, heads, ffn, dropout):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.attention_norm = nn.LayerNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn), nn.GELU(), nn.Linear(ffn, dim), nn.Dropout(dropout))
        self.ffn_norm = nn.LayerNorm(dim)

    def forward(self, x, padding):
        attended, _ = self.attention(x, x, x, key_padding_mask=padding, need_weights=False)
        x = self.attention_norm(x + attended)
        return self.ffn_norm(x + self.ffn(x))


class DistilEncoder(nn.Module):
    """Words and positions only (no token types), post-norm, two layers, head on the first position."""

    def __init__(self, vocab_size, labels, max_length, dim, heads, layers, ffn, dropout):
        super().__init__()
        self.words = nn.Embedding(vocab_size, dim, padding_idx=PAD)
        self.positions = nn.Embedding(max_length, dim)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=0.05)
        self.norm = nn.LayerNorm(dim)
        self.drop = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dim, heads, ffn, dropout) for _ in range(layers))
        self.pre_classifier = nn.Linear(dim, dim)
        self.classifier = nn.Linear(dim, labels)

    def forward(self, ids):
        padding = ids == PAD
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        x = self.drop(self.norm(x))
        for layer in self.layers:
            x = layer(x, padding)
        return self.classifier(self.drop(torch.relu(self.pre_classifier(x[:, 0]))))
