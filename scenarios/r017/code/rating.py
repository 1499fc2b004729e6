"""Stage to discharge with an uncertainty that depends on the stage (heteroscedastic normal in log space).

The gauge has three regimes: weed-grown low water, the regular channel, overbank flow.
"""
import argparse
import csv
import math

import numpy as np
import torch
from torch import nn


def gaugings(count, seed):
    """Standardised stage and season -> standardised log discharge."""
    rng = np.random.default_rng(seed)
    stage = rng.uniform(0.5, 4.0, count)
    season = rng.uniform(0, 2 * np.pi, count)
    weed = 0.25 * (stage < 1.2) * (1.2 - stage) * (1 + np.sin(season))
    log_q = 1.6 * np.log(np.maximum(stage - 0.1, 0.02)) - weed + 0.5 * np.maximum(stage - 3.0, 0)
    spread = 0.02 + 0.05 * (stage < 1.2) + 0.06 * np.maximum(stage - 3.0, 0)
    log_q = log_q + rng.normal(0, 1, count) * spread
    x = np.stack([(stage - 2.1) / 1.1, np.sin(season), np.cos(season)], 1).astype(np.float32)
    y = (log_q / 1.3).astype(np.float32)[:, None]
    return torch.from_numpy(x), torch.from_numpy(y)


class Rating(nn.Module):
    def __init__(self, width=48, depth=2):
        super().__init__()
        layers, inputs = [], 3
        for _ in range(depth):
            layers += [nn.Linear(inputs, width), nn.Tanh()]
            inputs = width
        self.body = nn.Sequential(*layers)
        self.mean = nn.Linear(inputs, 1)
        self.log_scale = nn.Linear(inputs, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), self.log_scale(h).clamp(-6, 3)


def nll(mean, log_scale, y):
    return (0.5 * ((y - mean) / log_scale.exp()) ** 2 + log_scale + 0.5 * math.log(2 * math.pi)).mean()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--optimizer", default="adam", choices=["adam", "adamw", "rmsprop"])
    p.add_argument("--lr", type=float, default=4e-3)
    p.add_argument("--width", type=int, default=48)
    p.add_argument("--depth", type=int, default=2)
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--seed", type=int, default=8)
    p.add_argument("--verbose", action="store_true")
    a = p.parse_args()
    torch.manual_seed(a.seed)

    x, y = gaugings(3000, a.seed)
    x_val, y_val = gaugings(600, a.seed + 90)
    print(f"gaugings: {len(x)} train, {len(x_val)} validation; target mean {y.mean():.3f} sd {y.std():.3f}")
    model = Rating(a.width, a.depth)
    cls = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[a.optimizer]
    opt = cls(model.parameters(), lr=a.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, a.epochs * math.ceil(len(x) / a.batch_size))

    with open("history.csv", "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["epoch", "step", "loss", "val_loss", "val_rmse", "grad_norm", "lr"])
        step = 0
        for epoch in range(a.epochs):
            model.train()
            total, largest = 0.0, 0.0
            for rows in torch.randperm(len(x)).split(a.batch_size):
                loss = nll(*model(x[rows]), y[rows])
                opt.zero_grad()
                loss.backward()
                largest = max(largest, nn.utils.clip_grad_norm_(model.parameters(), 5.0).item())
                opt.step()
                sched.step()
                step += 1
                total += loss.item() * len(rows)
            model.eval()
            with torch.no_grad():
                mean, log_scale = model(x_val)
                val = nll(mean, log_scale, y_val).item()
                rmse = (mean - y_val).square().mean().sqrt().item()
                inside = ((y_val - mean).abs() < 1.645 * log_scale.exp()).float().mean().item()
            w.writerow([epoch, step, f"{total / len(x):.5f}", f"{val:.5f}", f"{rmse:.5f}", f"{largest:.3f}",
                        f"{opt.param_groups[0]['lr']:.2e}"])
            print(f"epoch {epoch:2d}  loss {total / len(x):8.4f}  val_loss {val:8.4f}  val_rmse {rmse:.4f}  "
                  f"90% interval holds {100 * inside:.1f}%  max grad {largest:.2f}")
    torch.save({"args": vars(a), "state": model.state_dict()}, "rating.pt")
