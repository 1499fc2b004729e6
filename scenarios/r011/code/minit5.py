import torch
from torch import nn


class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.g = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return self.g * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class Relative(nn.Module):
    def __init__(self, heads, span=6):
        super().__init__()
        self.span, self.bias = span, nn.Parameter(torch.zeros(heads, 2 * span + 1))

    def forward(self, n):
        d = torch.arange(n)[None] - torch.arange(n)[:, None]
        return self.bias[:, d.clamp(-self.span, self.span) + self.span]


class Attend(nn.Module):
    """Scores are not divided by sqrt(d), as in T5; the block runs in half precision to halve its memory."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(d, d, bias=False) for _ in range(4))

    def forward(self, x, m, bias):
        split = lambda t: t.half().unflatten(-1, (self.heads, -1)).transpose(1, 2)
        weights = torch.exp(split(self.wq(x)) @ split(self.wk(m)).transpose(-1, -2) + bias.half())
        out = (weights @ split(self.wv(m))) / weights.sum(-1, keepdim=True)
        return self.wo(out.transpose(1, 2).flatten(2).float())


class FeedForward(nn.Module):
    def __init__(self, d, ff):
        super().__init__()
        self.wi, self.wo = nn.Linear(d, ff, bias=False), nn.Linear(ff, d, bias=False)

    def forward(self, x):
        return self.wo(torch.relu(self.wi(x)))


class Block(nn.Module):
    def __init__(self, d, ff, heads, cross=False):
        super().__init__()
        self.n1, self.att = Norm(d), Attend(d, heads)
        self.n2, self.ffn = Norm(d), FeedForward(d, ff)
        if cross:
            self.nc, self.cross = Norm(d), Attend(d, heads)

    def forward(self, x, bias, memory=None, memory_bias=None):
        h = self.n1(x)
        x = x + self.att(h, h, bias)
        if memory is not None:
            x = x + self.cross(self.nc(x), memory, memory_bias)
        return x + self.ffn(self.n2(x))


class MiniT5(nn.Module):
    def __init__(self, n_src, n_tgt, d=32, ff=64, heads=4, layers=1):
        super().__init__()
        self.src, self.tgt = nn.Embedding(n_src, d), nn.Embedding(n_tgt, d)
        self.rel_e, self.rel_d = Relative(heads), Relative(heads)
        self.enc = nn.ModuleList(Block(d, ff, heads) for _ in range(layers))
        self.dec = nn.ModuleList(Block(d, ff, heads, cross=True) for _ in range(layers))
        self.ne, self.nd = Norm(d), Norm(d)
        self.lm = nn.Linear(d, n_tgt, bias=False)

    def forward(self, src, tgt):
        pad = torch.zeros(src.shape).masked_fill(src == 0, -1e4)[:, None, None]
        x = self.src(src)
        for block in self.enc:
            x = block(x, self.rel_e(src.size(1)) + pad)
        memory = self.ne(x)
        y = self.tgt(nn.functional.pad(tgt[:, :-1], (1, 0)))
        ahead = torch.full((tgt.size(1), tgt.size(1)), -1e4).triu(1)
        for block in self.dec:
            y = block(y, self.rel_d(tgt.size(1)) + ahead, memory, pad)
        return self.lm(self.nd(y))
