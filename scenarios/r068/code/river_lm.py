#!/usr/bin/env python
"""Next-level model for gauge readings.

Hourly river stage is cut into levels (quantiles of the record), a year becomes a text of levels and an LSTM learns
to continue it. Usage: python river_lm.py --out runs/kessel
"""
import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Settings:
    levels: int = 20
    length: int = 48
    hidden: int = 48
    embed: int = 24
    layers: int = 1
    dropout: float = 0.1
    batch: int = 32
    steps: int = 300
    optimizer: str = "sgd"
    lr: float = 4.0
    clip: float = 0.5
    seed: int = 3
    out: str = "runs/kessel"


def stage_record(hours, rng):
    """Recession curve with rain pulses; metres above the gauge zero."""
    stage = np.empty(hours)
    h, inflow = 1.0, 0.0
    for t in range(hours):
        if rng.random() < 0.02:
            inflow += rng.gamma(2.0, 0.25)
        h += 0.25 * inflow - 0.04 * (h - 0.6)
        inflow *= 0.75
        stage[t] = h + 0.01 * rng.standard_normal()
    return stage


def read_years(s):
    rng = np.random.default_rng(s.seed)
    record = stage_record(9000, rng)
    edges = np.quantile(record, np.linspace(0, 1, s.levels + 1)[1:-1])
    print(f"stage {record.min():.2f} .. {record.max():.2f} m, {len(record)} hours, {s.levels} levels")
    levels = np.digitize(record, edges)
    cut = int(0.9 * len(levels))
    return levels[:cut], levels[cut:], edges


def windows(levels, length, stride):
    """Rows of length + 1 readings, so that inputs and targets are two views of one row."""
    starts = np.arange(0, len(levels) - length - 1, stride)
    rows = np.zeros((len(starts), length + 1))
    for i, a in enumerate(starts):
        rows[i] = levels[a : a + length + 1]
    return torch.from_numpy(rows)


class RiverLM(nn.Module):
    def __init__(self, levels, embed, hidden, layers, dropout):
        super().__init__()
        self.embed = nn.Embedding(levels, embed)
        self.lstm = nn.LSTM(embed, hidden, layers, batch_first=True, dropout=dropout)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, levels)

    def forward(self, x):
        h, _ = self.lstm(self.embed(x))
        return self.out(self.drop(h))


def split(rows):
    return rows[:, :-1].long(), rows[:, 1:]


def sequence_loss(model, rows):
    x, y = split(rows)
    logits = model(x)
    return F.cross_entropy(logits.reshape(-1, logits.size(-1)), y.reshape(-1))


def parse():
    p = argparse.ArgumentParser()
    for name, value in asdict(Settings()).items():
        p.add_argument(f"--{name}", type=type(value), default=value)
    return Settings(**vars(p.parse_args()))


def main():
    s = parse()
    torch.manual_seed(s.seed)
    out = Path(s.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "settings.json").write_text(json.dumps(asdict(s), indent=1))

    train_levels, valid_levels, edges = read_years(s)
    train = windows(train_levels, s.length, 5)
    valid = windows(valid_levels, s.length, s.length)
    print(f"windows: train {tuple(train.shape)}, valid {tuple(valid.shape)}")

    model = RiverLM(s.levels, s.embed, s.hidden, s.layers, s.dropout)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    if s.optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr=s.lr)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=s.lr)

    order = torch.Generator().manual_seed(s.seed)
    for step in range(1, s.steps + 1):
        model.train()
        pick = torch.randint(len(train), (s.batch,), generator=order)
        loss = sequence_loss(model, train[pick])
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), s.clip)
        optimizer.step()
        if step % 25 == 0:
            model.eval()
            with torch.no_grad():
                v = sequence_loss(model, valid).item()
            print(f"step {step:4d}  nll {loss.item():.3f}  |g| {norm:.2f}  valid nll {v:.3f}  ppl {math.exp(v):.2f}")
    torch.save({"state": model.state_dict(), "edges": edges, "settings": asdict(s)}, out / "river.pt")


if __name__ == "__main__":
    main()
