#!/usr/bin/env python
"""Train the grain counter.

    python train.py --epochs 6 --lr 0.05
"""
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from pollen import SPECIES, slides


class GrainNet(nn.Module):
    def __init__(self, width=12, blocks=2, classes=len(SPECIES)):
        super().__init__()
        layers, channels = [], 1
        for i in range(blocks):
            layers += [nn.Conv2d(channels, width * 2**i, 5 if i == 0 else 3, padding=1)]
            layers += [nn.GroupNorm(4, width * 2**i), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width * 2**i
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(channels * 9, 48), nn.ReLU(), nn.Linear(48, classes))

    def forward(self, x):
        return self.head(self.pool(self.features(x)))


def evaluate(net, loader):
    net.eval()
    right, total, loss = 0, 0, 0.0
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            loss += F.cross_entropy(out, y, reduction="sum").item()
            right += (out.argmax(1) == y).sum().item()
            total += len(y)
    return loss / total, right / total


ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=6)
ap.add_argument("--batch", type=int, default=16)
ap.add_argument("--opt", choices=["sgd", "adam"], default="sgd")
ap.add_argument("--lr", type=float, default=0.05)
ap.add_argument("--momentum", type=float, default=0.0)
ap.add_argument("--weight-decay", type=float, default=1e-4)
ap.add_argument("--width", type=int, default=12)
ap.add_argument("--blocks", type=int, default=2)
ap.add_argument("--grains", type=int, default=250, help="grains per species")
ap.add_argument("--log-every", type=int, default=5)
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--out", default="grain_net.pt")
args = ap.parse_args()
print(args)

torch.manual_seed(args.seed)
np.random.seed(args.seed)

images, labels = slides(args.grains, args.seed)
# every fifth grain is kept for validation
held = np.arange(len(labels)) % 5 == 4
train_set = TensorDataset(torch.from_numpy(images[~held]), torch.from_numpy(labels[~held]))
val_set = TensorDataset(torch.from_numpy(images[held]), torch.from_numpy(labels[held]))
for name, part in [("train", train_set), ("val", val_set)]:
    counts = torch.bincount(part.tensors[1], minlength=len(SPECIES)).tolist()
    print(f"{name:5s} {len(part):5d} grains:", ", ".join(f"{s} {n}" for s, n in zip(SPECIES, counts)))

train_loader = DataLoader(train_set, batch_size=args.batch, num_workers=0, drop_last=True)
val_loader = DataLoader(val_set, batch_size=256, num_workers=0)

net = GrainNet(args.width, args.blocks)
print(f"{sum(p.numel() for p in net.parameters())} parameters")
if args.opt == "sgd":
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
else:
    opt = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=args.weight_decay)

best = 0.0
for epoch in range(1, args.epochs + 1):
    net.train()
    for i, (x, y) in enumerate(train_loader, 1):
        out = net(x)
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if i % args.log_every == 0:
            print(f"epoch {epoch:2d} [{i:2d}/{len(train_loader)}] loss {loss.item():.4f}")
    val_loss, val_acc = evaluate(net, val_loader)
    if val_acc > best:
        best = val_acc
        torch.save({"args": vars(args), "net": net.state_dict()}, args.out)
    print(f"epoch {epoch:2d} done    val loss {val_loss:.4f}  val acc {val_acc:.3f}  (best {best:.3f})")

print(f"best val acc {best:.3f}, network in {args.out}")
