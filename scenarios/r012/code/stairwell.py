"""Which switches act on the lamp?

A stairwell has a dozen switches. Each record is the position of all of them and whether the lamp was on. Only some of
them are wired to it (as changeover and crossbar switches, so each one toggles it).
"""
import argparse
import json
import math
import os

import torch
from torch import nn


def wiring(n, wired, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.randperm(n, generator=g)[:wired]


def records(count, n, wires, g, part):
    """Settings of the switches go to the test set by their number (every fifth one), so none is in both."""
    positions = torch.randint(2, (8 * count, n), generator=g)
    for_test = (positions << torch.arange(n)).sum(1) % 5 == 0
    positions = positions[for_test if part == "test" else ~for_test][:count]
    return positions, positions[:, wires].sum(1) % 2


class SwitchTransformer(nn.Module):
    def __init__(self, n, d, heads, layers, ff):
        super().__init__()
        self.n = n
        self.up_or_down = nn.Embedding(2 * n + 1, d)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(d, heads, ff, dropout=0.0, batch_first=True, norm_first=True) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.lamp = nn.Linear(d, 2)

    def forward(self, positions):
        tokens = positions + 2 * torch.arange(self.n)
        query = torch.full_like(tokens[:, :1], 2 * self.n)
        x = self.up_or_down(torch.cat([query, tokens], dim=1))
        for layer in self.layers:
            x = layer(x)
        return self.lamp(self.norm(x[:, 0]))


def get_args():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--switches", type=int, default=9)
    ap.add_argument("--wired", type=int, default=3)
    ap.add_argument("--d", type=int, default=32)
    ap.add_argument("--heads", type=int, default=4)
    ap.add_argument("--layers", type=int, default=1)
    ap.add_argument("--ff", type=int, default=64)
    ap.add_argument("--batch", type=int, default=96)
    ap.add_argument("--steps", type=int, default=720)
    ap.add_argument("--lr", type=float, default=7e-4)
    ap.add_argument("--wd", type=float, default=0.1)
    ap.add_argument("--seed", type=int, default=23)
    ap.add_argument("--dir", default="exp01")
    return ap.parse_args()


def main():
    a = get_args()
    torch.manual_seed(a.seed)
    os.makedirs(a.dir, exist_ok=True)
    wires = wiring(a.switches, a.wired, a.seed)
    g = torch.Generator().manual_seed(a.seed + 1)
    test = records(512, a.switches, wires, torch.Generator().manual_seed(a.seed + 2), "test")

    model = SwitchTransformer(a.switches, a.d, a.heads, a.layers, a.ff)
    opt = torch.optim.AdamW(model.parameters(), lr=a.lr, weight_decay=a.wd, betas=(0.9, 0.98))
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda i: min(1, (i + 1) / 30))
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {a.switches} switches; coin flip is {math.log(2):.4f}")

    with open(f"{a.dir}/log.jsonl", "w") as log:
        json.dump({"args": vars(a)}, log)
        log.write("\n")
        loss_sum = acc_sum = 0.0
        for step in range(1, a.steps + 1):
            x, y = records(a.batch, a.switches, wires, g, "train")
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            loss_sum += loss.item()
            acc_sum += (logits.argmax(1) == y).float().mean().item()
            if step % 20 == 0:
                row = {"step": step, "loss": round(loss_sum / 20, 4), "acc": round(acc_sum / 20, 4)}
                loss_sum = acc_sum = 0.0
                if step % 60 == 0:
                    with torch.no_grad():
                        out = model(test[0])
                    row["test_loss"] = round(nn.functional.cross_entropy(out, test[1]).item(), 4)
                    row["test_acc"] = round((out.argmax(1) == test[1]).float().mean().item(), 4)
                    print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)
                json.dump(row, log)
                log.write("\n")
    torch.save({"args": vars(a), "state": model.state_dict()}, f"{a.dir}/model.pth")


if __name__ == "__main__":
    main()
