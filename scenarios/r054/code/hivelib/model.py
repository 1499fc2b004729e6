import torch
from torch import nn


class DistilEncoder(nn.Module):
    """Words and positions only, post-norm layers, and the head on [CLS] with its own dense layer before it."""

    def __init__(self, vocab_size, num_labels, dim=48, n_heads=4, n_layers=2, hidden_dim=96, dropout=0.1, max_positions=72):
        super().__init__()
        self.words = nn.Embedding(vocab_size, dim, padding_idx=0)
        self.positions = nn.Embedding(max_positions, dim)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=0.1)
        self.norm = nn.LayerNorm(dim)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(dim, n_heads, hidden_dim, dropout, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, n_layers)
        self.pre_classifier = nn.Linear(dim, dim)
        self.classifier = nn.Linear(dim, num_labels)

    def forward(self, ids):
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        x = self.layers(self.drop(self.norm(x)), src_key_padding_mask=ids == 0)
        return self.classifier(self.drop(torch.relu(self.pre_classifier(x[:, 0]))))
