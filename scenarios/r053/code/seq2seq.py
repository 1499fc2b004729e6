import math

import torch
from torch import nn

from amounts import SRC, SRC_LEN, TGT, TGT_LEN


class Seq2Seq(nn.Module):
    def __init__(self, d_model=48, nhead=4, layers=1, ff=96, norm_first=True):
        super().__init__()
        self.scale = math.sqrt(d_model)
        self.src, self.tgt = nn.Embedding(len(SRC), d_model), nn.Embedding(len(TGT), d_model)
        nn.init.normal_(self.src.weight, std=d_model ** -0.5)
        nn.init.normal_(self.tgt.weight, std=d_model ** -0.5)
        self.src_pos, self.tgt_pos = nn.Embedding(SRC_LEN, d_model), nn.Embedding(TGT_LEN, d_model)
        self.body = nn.Transformer(d_model, nhead, layers, layers, ff, dropout=0.0, norm_first=norm_first, batch_first=True)
        self.out = nn.Linear(d_model, len(TGT))

    def forward(self, src, tgt_in):
        x = self.src(src) * self.scale + self.src_pos.weight[: src.size(1)]
        y = self.tgt(tgt_in) * self.scale + self.tgt_pos.weight[: tgt_in.size(1)]
        causal = torch.ones(tgt_in.size(1), tgt_in.size(1), dtype=torch.bool).triu(1)
        return self.out(self.body(x, y, tgt_mask=causal, src_key_padding_mask=src == 0, memory_key_padding_mask=src == 0))

    @torch.no_grad()
    def decode(self, src):
        out = torch.full((len(src), 1), 1)
        for _ in range(TGT_LEN - 1):
            out = torch.cat([out, self(src, out)[:, -1:].argmax(-1)], 1)
        return out
