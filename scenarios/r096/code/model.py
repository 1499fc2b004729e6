"""Encoder-decoder transformer for short symbol strings."""

import torch
from torch import nn


class Transcriber(nn.Module):
    def __init__(self, n_src, n_tgt, d=48, heads=4, layers=1, max_len=40, dropout=0.0):
        super().__init__()
        self.src_emb = nn.Embedding(n_src, d, padding_idx=0)
        self.tgt_emb = nn.Embedding(n_tgt, d, padding_idx=0)
        self.pos = nn.Embedding(max_len, d)
        self.core = nn.Transformer(d, heads, layers, layers, 4 * d, dropout=dropout, batch_first=True, norm_first=True)
        self.generator = nn.Linear(d, n_tgt)

    def forward(self, src, tgt):
        pad = src.eq(0)
        s = self.src_emb(src) + self.pos(torch.arange(src.size(1)))
        t = self.tgt_emb(tgt) + self.pos(torch.arange(tgt.size(1)))
        causal = nn.Transformer.generate_square_subsequent_mask(tgt.size(1)).bool()
        h = self.core(s, t, tgt_mask=causal, src_key_padding_mask=pad, memory_key_padding_mask=pad)
        return self.generator(h)

    @torch.no_grad()
    def greedy(self, src, bos, n):
        out = torch.full((len(src), 1), bos)
        for _ in range(n):
            out = torch.cat([out, self(src, out)[:, -1:].argmax(-1)], dim=1)
        return out[:, 1:]
