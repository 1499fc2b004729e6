"""T5 in its second version (relative positions shared by the layers of a stack, RMS norm before, no biases, an output table of
its own), small."""
import math

import torch
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, d, eps=1e-6):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d)), eps

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


class RelativeBias(nn.Module):
    def __init__(self, heads, both_ways, reach=16):
        super().__init__()
        self.both_ways, self.reach = both_ways, reach
        self.table = nn.Embedding(2 * reach + 1, heads)

    def forward(self, q_len, k_len, device):
        distance = torch.arange(k_len, device=device)[None] - torch.arange(q_len, device=device)[:, None]
        bias = self.table(distance.clamp(-self.reach, self.reach) + self.reach).permute(2, 0, 1)[None]
        if not self.both_ways:
            bias = bias.masked_fill(distance > 0, torch.finfo(bias.dtype).min)
        return bias


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))

    def _heads(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, bias):
        q, k, v = self._heads(self.q(x)), self._heads(self.k(memory)), self._heads(self.v(memory))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, d, heads, d_ff, cross):
        super().__init__()
        self.self_attn, self.n1 = Attention(d, heads), RMSNorm(d)
        self.cross_attn, self.n2 = (Attention(d, heads), RMSNorm(d)) if cross else (None, None)
        self.ff = nn.Sequential(RMSNorm(d), nn.Linear(d, d_ff, bias=False), nn.ReLU(), nn.Linear(d_ff, d, bias=False))

    def forward(self, x, bias, memory=None, memory_bias=None):
        h = self.n1(x)
        x = x + self.self_attn(h, h, bias)
        if self.cross_attn is not None:
            x = x + self.cross_attn(self.n2(x), memory, memory_bias)
        return x + self.ff(x)


class T5Mini(nn.Module):
    def __init__(self, vocab, d=48, heads=4, d_ff=96, layers=2):
        super().__init__()
        self.shared = nn.Embedding(vocab, d)
        nn.init.normal_(self.shared.weight, std=0.3)
        self.lm_head = nn.Linear(d, vocab, bias=False)
        self.encoder = nn.ModuleList(Layer(d, heads, d_ff, cross=False) for _ in range(layers))
        self.decoder = nn.ModuleList(Layer(d, heads, d_ff, cross=True) for _ in range(layers))
        self.encoder_bias, self.decoder_bias = RelativeBias(heads, True), RelativeBias(heads, False)
        self.encoder_norm, self.decoder_norm = RMSNorm(d), RMSNorm(d)

    def encode(self, source):
        x = self.shared(source)
        padding = (source == 0)[:, None, None].to(x.dtype) * torch.finfo(x.dtype).min
        bias = self.encoder_bias(source.shape[1], source.shape[1], source.device) + padding
        for layer in self.encoder:
            x = layer(x, bias)
        return self.encoder_norm(x), padding

    def decode(self, target_in, memory, padding):
        x = self.shared(target_in)
        bias = self.decoder_bias(target_in.shape[1], target_in.shape[1], target_in.device)
        for layer in self.decoder:
            x = layer(x, bias, memory, padding)
        return self.lm_head(self.decoder_norm(x))

    def forward(self, source, target):
        start = torch.zeros_like(target[:, :1])
        return self.decode(torch.cat([start, target[:, :-1]], 1), *self.encode(source))

    @torch.no_grad()
    def generate(self, source, length):
        memory, padding = self.encode(source)
        out = torch.zeros(len(source), 1, dtype=torch.long, device=source.device)
        for _ in range(length):
            out = torch.cat([out, self.decode(out, memory, padding)[:, -1:].argmax(-1)], 1)
        return out[:, 1:]
