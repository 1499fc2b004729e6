import argparse
import logging
import math
import os
import shutil

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from torch import nn

from tokens import Tokenizer

log = logging.getLogger("sigs")


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def bucket(distance, both_ways, buckets, furthest):
    """Log-spaced bins of relative distance (key minus query)."""
    base = torch.zeros_like(distance)
    if both_ways:
        buckets //= 2
        base = (distance > 0).long() * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    near = buckets // 2
    far = near + (torch.log(distance.clamp(min=1) / near) / math.log(furthest / near) * (buckets - near)).long()
    return base + torch.where(distance < near, distance, far.clamp(max=buckets - 1))


class Attention(nn.Module):
    def __init__(self, d, heads, bias_buckets=0, both_ways=True):
        super().__init__()
        self.heads, self.buckets, self.both_ways = heads, bias_buckets, both_ways
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        if bias_buckets:
            self.relative = nn.Embedding(bias_buckets, heads)

    def forward(self, x, memory, mask):
        b, t, d = x.shape
        split = lambda y: y.view(b, -1, self.heads, d // self.heads).transpose(1, 2)
        q, k, v = split(self.q(x)), split(self.k(memory)), split(self.v(memory))
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // self.heads)
        if self.buckets:
            distance = torch.arange(k.size(2))[None] - torch.arange(t)[:, None]
            scores = scores + self.relative(bucket(distance, self.both_ways, self.buckets, 32)).permute(2, 0, 1)
        weights = scores.masked_fill(~mask, -1e9).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    def __init__(self, d, heads, dropout, decoder):
        super().__init__()
        self.attention = Attention(d, heads, 16, both_ways=not decoder)
        self.cross = Attention(d, heads) if decoder else None
        self.up, self.down = nn.Linear(d, 4 * d, bias=False), nn.Linear(4 * d, d, bias=False)
        self.norms = nn.ModuleList(RMSNorm(d) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask, memory=None, memory_mask=None):
        y = self.norms[0](x)
        x = x + self.dropout(self.attention(y, y, mask))
        if self.cross is not None:
            x = x + self.dropout(self.cross(self.norms[1](x), memory, memory_mask))
        return x + self.dropout(self.down(F.relu(self.up(self.norms[2](x)))))


class SigT5(nn.Module):
    def __init__(self, vocab_size, d_model, heads, layers, dropout):
        super().__init__()
        self.shared = nn.Embedding(vocab_size, d_model)
        self.encoder = nn.ModuleList(Layer(d_model, heads, dropout, False) for _ in range(layers))
        self.decoder = nn.ModuleList(Layer(d_model, heads, dropout, True) for _ in range(layers))
        self.encoder_norm, self.decoder_norm = RMSNorm(d_model), RMSNorm(d_model)
        self.lm_head = nn.Linear(d_model, vocab_size, bias=False)

    def encode(self, source):
        mask = (source != 0)[:, None, None]
        x = self.shared(source)
        for layer in self.encoder:
            x = layer(x, mask)
        return self.encoder_norm(x), mask

    def decode(self, ids, memory, memory_mask):
        causal = torch.ones(ids.size(1), ids.size(1), dtype=torch.bool).tril()
        x = self.shared(ids)
        for layer in self.decoder:
            x = layer(x, causal, memory, memory_mask)
        return self.lm_head(self.decoder_norm(x))

    def forward(self, source, target):
        start = torch.zeros_like(target[:, :1])
        logits = self.decode(torch.cat([start, target[:, :-1]], 1), *self.encode(source))
        return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=0)

    @torch.no_grad()
    def generate(self, source, longest):
        memory = self.encode(source)
        ids = torch.zeros(len(source), 1, dtype=torch.long)
        for _ in range(longest):
            ids = torch.cat([ids, self.decode(ids, *memory)[:, -1:].argmax(-1)], 1)
        return ids[:, 1:]


@torch.no_grad()
def evaluate(model, tokenizer, rows, longest):
    model.eval()
    short, plain = zip(*rows)
    source, target = (torch.from_numpy(tokenizer.batch(side)) for side in (short, plain))
    loss = model(source, target).item()
    said = [tokenizer.decode(ids) for ids in model.generate(source[:64], longest).tolist()]
    model.train()
    return loss, np.mean([a == b for a, b in zip(said, plain)]), said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with open(args.config) as f:
        cfg = yaml.safe_load(f)
    os.makedirs(cfg["out"], exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s: %(message)s")
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)

    tokenizer = Tokenizer(cfg["vocab"])
    data = np.load(cfg["train"])
    source, target = torch.from_numpy(data["source"]), torch.from_numpy(data["target"])
    with open(cfg["dev"]) as f:
        dev = [line.rstrip("\n").split("\t") for line in f]
    model = SigT5(cfg["vocab_size"], **cfg["model"])
    log.info("%d training pairs, %d dev pairs, largest id %d", len(source), len(dev), max(source.max(), target.max()))
    log.info("%s parameters, embedding %d x %d", f"{sum(p.numel() for p in model.parameters()):,}",
             cfg["vocab_size"], cfg["model"]["d_model"])

    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])
    warm = lambda s: min(1.0, (s + 1) / cfg["warmup"])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warm)
    running = []
    for step in range(1, cfg["steps"] + 1):
        rows = rng.integers(0, len(source), cfg["batch_size"])
        loss = model(source[rows], target[rows])
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running.append(loss.item())
        if step % 25 == 0:
            log.info("step %d train_loss %.4f grad_norm %.3f lr %.2e", step, np.mean(running), norm, schedule.get_last_lr()[0])
            running = []
        if step % cfg["eval_every"] == 0:
            dev_loss, exact, said = evaluate(model, tokenizer, dev, target.shape[1])
            log.info("step %d dev_loss %.4f dev_ppl %.4g exact %.3f", step, dev_loss, math.exp(min(dev_loss, 50)), exact)

    with open(os.path.join(cfg["out"], "samples.txt"), "w") as f:
        for (short, plain), text in zip(dev[:12], said):
            f.write(f"in    {short}\nwant  {plain}\nsaid  {text}\n\n")
    torch.save({"model": model.state_dict(), "config": cfg}, os.path.join(cfg["out"], "model.pt"))
    shutil.copy(cfg["vocab"], os.path.join(cfg["out"], "vocab.txt"))
    log.info("done, written to %s", cfg["out"])


if __name__ == "__main__":
    main()
