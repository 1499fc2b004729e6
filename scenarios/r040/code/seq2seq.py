import torch
from torch import nn


class Seq2Seq(nn.Module):
    def __init__(self, words, source_length, target_length, dim=48, heads=4, layers=1, norm="pre"):
        super().__init__()
        self.embed = nn.Embedding(words, dim)
        self.source_place = nn.Parameter(torch.randn(source_length, dim) * 0.3)
        self.target_place = nn.Parameter(torch.randn(target_length, dim) * 0.3)
        self.transformer = nn.Transformer(
            dim, heads, layers, layers, 2 * dim, dropout=0.0, batch_first=True, norm_first=norm == "pre"
        )
        self.out = nn.Linear(dim, words)

    def forward(self, source, target):
        hidden = source == 0
        t = target.shape[1]
        return self.out(self.transformer(
            self.embed(source) + self.source_place,
            self.embed(target) + self.target_place[:t],
            tgt_mask=torch.ones(t, t, dtype=torch.bool).triu(1),
            src_key_padding_mask=hidden, memory_key_padding_mask=hidden,
        ))

    @torch.no_grad()
    def decode(self, source, length):
        out = torch.ones(len(source), 1, dtype=torch.long)
        for _ in range(length - 1):
            out = torch.cat([out, self(source, out)[:, -1:].argmax(-1)], 1)
        return out
