import torch
from torch import nn


class Lemmatizer(nn.Module):
    def __init__(self, vocab, width=48, heads=4, layers=1, feedforward=96, max_len=16):
        super().__init__()
        self.symbols = nn.Embedding(vocab, width)
        self.source_places = nn.Embedding(max_len, width)
        self.target_places = nn.Embedding(max_len, width)
        self.core = nn.Transformer(width, heads, layers, layers, feedforward, dropout=0.0, batch_first=True)
        self.project = nn.Linear(width, vocab)

    def forward(self, source, target):
        s = self.symbols(source) + self.source_places.weight[: source.size(1)]
        t = self.symbols(target) + self.target_places.weight[: target.size(1)]
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        return self.project(self.core(s, t, tgt_mask=mask, tgt_is_causal=True))

    @torch.no_grad()
    def decode(self, source, length, bos=1):
        out = torch.full((len(source), 1), bos)
        for _ in range(length):
            out = torch.cat([out, self(source, out)[:, -1].argmax(-1, keepdim=True)], 1)
        return out[:, 1:]
