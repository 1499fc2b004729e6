"""Denoising autoencoder for machine current curves, half precision.

usage: denoise.py [--epochs N] [--init-scale S]
"""
import argparse
import csv

import numpy as np
import torch
from torch import nn


def curves(count, length, rng):
    """Start-up current of a motor: inrush, decay to a load-dependent level, ripple."""
    t = np.linspace(0, 1, length)
    level = rng.uniform(0.3, 0.8, (count, 1))
    inrush = rng.uniform(1.0, 2.0, (count, 1)) * np.exp(-t / rng.uniform(0.05, 0.2, (count, 1)))
    ripple = 0.08 * np.sin(2 * np.pi * rng.uniform(4, 9, (count, 1)) * t + rng.uniform(0, 6.28, (count, 1)))
    return (level + inrush + ripple).astype(np.float32)


class Denoiser(nn.Module):
    def __init__(self, length, hidden, code):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(length, hidden), nn.GELU(),
            nn.Linear(hidden, code), nn.GELU(),
            nn.Linear(code, hidden), nn.GELU(),
            nn.Linear(hidden, length),
        )

    def forward(self, x):
        return self.net(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--init-scale", type=float, default=2.0**24)
    parser.add_argument("--seed", type=int, default=3)
    opt = parser.parse_args()
    print("settings:", " ".join(f"{k}={v}" for k, v in vars(opt).items()))
    torch.manual_seed(opt.seed)
    rng = np.random.default_rng(opt.seed)

    clean = torch.from_numpy(curves(4000, 64, rng))
    noisy = clean + 0.15 * torch.randn_like(clean)
    x_train, y_train, x_test, y_test = noisy[:3500], clean[:3500], noisy[3500:], clean[3500:]

    model = Denoiser(64, 96, 12)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=opt.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, opt.epochs, eta_min=opt.lr / 50)
    scaler = torch.amp.GradScaler("cpu", init_scale=opt.init_scale, growth_interval=200)

    with open("losses.csv", "w", newline="") as f:
        table = csv.writer(f)
        table.writerow(["iteration", "loss", "loss_scale", "lr"])
        iteration = 0
        for epoch in range(opt.epochs):
            total = 0.0
            order = torch.randperm(len(x_train))
            for rows in order.split(opt.batch):
                with torch.autocast("cpu", dtype=torch.float16):
                    output = model(x_train[rows])
                loss = nn.functional.mse_loss(output.float(), y_train[rows])
                optimizer.zero_grad()
                scaler.scale(loss).backward()
                before = scaler.get_scale()
                scaler.step(optimizer)
                scaler.update()
                iteration += 1
                if scaler.get_scale() < before:
                    print(f"Gradient overflow.  Skipping step, reducing loss scale to {scaler.get_scale():g}")
                if iteration % 20 == 0:
                    table.writerow([iteration, f"{loss.item():.6f}", f"{scaler.get_scale():g}",
                                    f"{optimizer.param_groups[0]['lr']:.3e}"])
                total += loss.item() * len(rows)
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.float16):
                test = nn.functional.mse_loss(model(x_test).float(), y_test).item()
            print(f"Epoch {epoch + 1:2d}/{opt.epochs}: train mse {total / len(x_train):.5f}, test mse {test:.5f}")
            scheduler.step()
    torch.save(model.state_dict(), "denoiser.pt")
    print(f"test mse {test:.5f} (input {nn.functional.mse_loss(x_test, y_test).item():.5f})")


if __name__ == "__main__":
    main()
