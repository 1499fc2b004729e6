import math

import numpy as np
import torch
from torch import nn


def sinusoids(length, dim):
    place = torch.arange(length)[:, None]
    rate = torch.exp(torch.arange(0, dim, 2) * (-math.log(10000.0) / dim))
    return torch.stack([torch.sin(place * rate), torch.cos(place * rate)], -1).flatten(1)


def pool_words(states, word_of, words):
    """Mean state of the characters of every word: (batch, chars, dim) -> (batch, words, dim)."""
    batch, _, dim = states.shape
    pooled = np.zeros((batch, words, dim), dtype=np.float32)
    counts = np.zeros((batch, words, 1), dtype=np.float32)
    values = states.detach().cpu().numpy()
    rows, places = np.nonzero(word_of.numpy() >= 0)
    columns = word_of.numpy()[rows, places]
    np.add.at(pooled, (rows, columns), values[rows, places])
    np.add.at(counts, (rows, columns), 1.0)
    return torch.from_numpy(pooled / counts).to(states.device)


class Glosser(nn.Module):
    def __init__(self, n_chars, n_glosses, dim=48, heads=4, ff=96, encoder_layers=2, decoder_layers=1):
        super().__init__()
        self.chars = nn.Embedding(n_chars, dim)
        layer = nn.TransformerEncoderLayer(dim, heads, ff, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, encoder_layers, norm=nn.LayerNorm(dim))
        self.glosses = nn.Embedding(n_glosses, dim)
        layer = nn.TransformerDecoderLayer(dim, heads, ff, dropout=0.0, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, decoder_layers, norm=nn.LayerNorm(dim))
        self.out = nn.Linear(dim, n_glosses)
        self.dim = dim

    def encode(self, chars, word_of, words):
        x = self.chars(chars) + sinusoids(chars.size(1), self.dim)
        return pool_words(self.encoder(x), word_of, words)

    def forward(self, chars, word_of, previous):
        words = previous.size(1)
        memory = self.encode(chars, word_of, words) + sinusoids(words, self.dim)
        target = self.glosses(previous) + sinusoids(words, self.dim)
        mask = nn.Transformer.generate_square_subsequent_mask(words)
        return self.out(self.decoder(target, memory, tgt_mask=mask))
