#!/usr/bin/env python
"""Species from echolocation calls, small CNN."""
import argparse
import csv
import time

import torch
from torch import nn
from torch.utils.data import DataLoader

from calls import SPECIES, CallDataset


def conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


class BatNet(nn.Module):
    def __init__(self, width, n_classes=len(SPECIES)):
        super().__init__()
        self.features = nn.Sequential(conv(1, width), conv(width, 2 * width), conv(2 * width, 2 * width))
        self.head = nn.Linear(2 * width * 8, n_classes)

    def forward(self, x):
        # keep the frequency axis (8 bands), average over time
        return self.head(self.features(x).mean(3).flatten(1))


def run_epoch(net, loader, optimizer=None):
    net.train(optimizer is not None)
    total, hits, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = net(x)
            loss = nn.functional.cross_entropy(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
            seen += len(y)
    return total / seen, hits / seen


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--calls", type=int, default=640)
    ap.add_argument("--epochs", type=int, default=12)
    ap.add_argument("--batch-size", type=int, default=32)
    ap.add_argument("--width", type=int, default=6)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--workers", type=int, default=0)
    a = ap.parse_args()

    torch.manual_seed(a.seed)
    train = CallDataset(a.calls, seed=100 * a.seed, augment=True)
    valid = CallDataset(a.calls // 4, seed=100 * a.seed + 50, augment=False)
    print(f"calls: {len(train)} train / {len(valid)} valid, species {', '.join(SPECIES)}")
    loaders = [DataLoader(train, a.batch_size, shuffle=True, num_workers=a.workers),
               DataLoader(valid, a.batch_size, num_workers=a.workers)]
    net = BatNet(a.width)
    optimizer = torch.optim.Adam(net.parameters(), lr=a.lr)
    print(f"BatNet-{a.width}: {sum(p.numel() for p in net.parameters())} parameters, {len(loaders[0])} steps per epoch")

    best = 0.0
    with open("history.csv", "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["epoch", "step", "train_loss", "train_acc", "valid_loss", "valid_acc"])
        for epoch in range(1, a.epochs + 1):
            t = time.time()
            train_loss, train_acc = run_epoch(net, loaders[0], optimizer)
            valid_loss, valid_acc = run_epoch(net, loaders[1])
            writer.writerow([epoch, epoch * len(loaders[0])] + [f"{v:.4f}" for v in (train_loss, train_acc, valid_loss, valid_acc)])
            handle.flush()
            print(f"epoch {epoch:2d}/{a.epochs} train {train_loss:.3f} ({train_acc:.3f}) valid {valid_loss:.3f} ({valid_acc:.3f}) "
                  f"[{time.time() - t:.0f}s]")
            if valid_acc >= best:
                best = valid_acc
                torch.save({"net": net.state_dict(), "width": a.width, "epoch": epoch}, "batnet_best.pt")
    print(f"best valid accuracy {best:.3f}")


if __name__ == "__main__":
    main()
