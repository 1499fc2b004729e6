#!/usr/bin/env python3
"""A small transformer learns to name the k-th smallest digit of a list. Warm restarts, since they helped on the big one."""
import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    length: int = 8
    digits: int = 10
    d_model: int = 48
    heads: int = 4
    layers: int = 2
    batch_size: int = 96
    steps: int = 600
    lr: float = 2e-3
    warmup: int = 40
    cycle: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    eval_every: int = 100
    log_every: int = 10
    seed: int = 5
    out: str = "out"


class Ranker(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.digit = nn.Embedding(cfg.digits, cfg.d_model)
        self.rank = nn.Embedding(cfg.length, cfg.d_model)
        layer = nn.TransformerEncoderLayer(cfg.d_model, cfg.heads, 4 * cfg.d_model, dropout=0.0, batch_first=True,
                                           norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, cfg.layers, norm=nn.LayerNorm(cfg.d_model),
                                             enable_nested_tensor=False)
        self.head = nn.Linear(cfg.d_model, cfg.digits)

    def forward(self, digits, rank):
        tokens = torch.cat([self.rank(rank).unsqueeze(1), self.digit(digits)], dim=1)
        return self.head(self.encoder(tokens)[:, 0])


def batch(cfg, generator, size=None):
    size = size or cfg.batch_size
    digits = torch.randint(cfg.digits, (size, cfg.length), generator=generator)
    rank = torch.randint(cfg.length, (size,), generator=generator)
    target = digits.sort(dim=1).values.gather(1, rank.unsqueeze(1)).squeeze(1)
    return digits, rank, target


def lr_at(step, cfg):
    if step < cfg.warmup:
        return cfg.lr * (step + 1) / cfg.warmup
    where = (step % cfg.cycle) / cfg.cycle
    return cfg.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * where)))


@torch.no_grad()
def accuracy(model, data):
    model.eval()
    digits, rank, target = data
    logits = model(digits, rank)
    model.train()
    return F.cross_entropy(logits, target).item(), (logits.argmax(1) == target).float().mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in asdict(Config()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    cfg = Config(**vars(parser.parse_args()))
    torch.manual_seed(cfg.seed)
    out = Path(cfg.out)
    out.mkdir(exist_ok=True)
    (out / "config.json").write_text(json.dumps(asdict(cfg), indent=2) + "\n")
    log = (out / "log.jsonl").open("w")

    train_rng = torch.Generator().manual_seed(cfg.seed)
    held_out = batch(cfg, torch.Generator().manual_seed(cfg.seed + 1), 2000)
    model = Ranker(cfg)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    print(f"{sum(p.numel() for p in model.parameters())/1e3:.1f}k parameters")

    for step in range(cfg.steps):
        lr = lr_at(step, cfg)
        for group in optimizer.param_groups:
            group["lr"] = lr
        digits, rank, target = batch(cfg, train_rng)
        loss = F.cross_entropy(model(digits, rank), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), cfg.clip)
        optimizer.step()
        row = {"step": step + 1, "loss": round(loss.item(), 5), "grad_norm": round(norm.item(), 4), "lr": round(lr, 7)}
        if (step + 1) % cfg.eval_every == 0:
            val_loss, val_acc = accuracy(model, held_out)
            row |= {"val_loss": round(val_loss, 5), "val_acc": round(val_acc, 4)}
            print(f"step {step + 1:>4}/{cfg.steps}  loss {loss.item():.4f}  val_loss {val_loss:.4f}  val_acc {val_acc:.4f}")
        if (step + 1) % cfg.log_every == 0:
            log.write(json.dumps(row) + "\n")
    log.close()
    torch.save(model.state_dict(), out / "ranker.pt")
    print(f"Training complete. val_acc {val_acc:.4f}")


if __name__ == "__main__":
    main()
