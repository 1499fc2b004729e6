#!/usr/bin/env python
"""Which shoe orders will come back? Trains on closed orders and marks those on their way.

usage: python returns.py [config.json] [key=value ...]
"""
import csv
import json
import sys

import numpy as np
import torch
from torch import nn

from export_orders import export


def load_config(argv):
    path = argv[0] if argv and "=" not in argv[0] else "config.json"
    with open(path) as f:
        cfg = json.load(f)
    for text in argv:
        if "=" in text:
            key, value = text.split("=", 1)
            cfg[key] = json.loads(value)
    return cfg


def read_table(path, columns):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    return np.array([[float(row[name]) if row[name] else 0.0 for name in columns] for row in rows], dtype=np.float32)


class ReturnsNet(nn.Sequential):
    def __init__(self, inputs, hidden, dropout):
        layers = []
        for width in hidden:
            layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
            inputs = width
        super().__init__(*layers, nn.Linear(inputs, 1))


def auc(score, label):
    rank = np.empty(len(score))
    rank[np.argsort(score)] = np.arange(1, len(score) + 1)
    positive = label.sum()
    return (rank[label == 1].sum() - positive * (positive + 1) / 2) / max(1, positive * (len(label) - positive))


def main(argv):
    cfg = load_config(argv)
    torch.manual_seed(cfg["seed"])
    rng = np.random.default_rng(cfg["seed"])
    export(cfg["folder"], cfg["seed"])

    table = read_table(f"{cfg['folder']}/closed.csv", [*cfg["features"], cfg["target"]])
    rng.shuffle(table)
    cut = int(len(table) * (1 - cfg["val_share"]))
    mean, std = table[:cut, :-1].mean(0), table[:cut, :-1].std(0) + 1e-6
    x = torch.from_numpy((table[:, :-1] - mean) / std)
    y = torch.from_numpy(table[:, -1])
    x_train, x_val, y_train, y_val = x[:cut], x[cut:], y[:cut], y[cut:]
    print(f"closed orders: {len(x_train)} train, {len(x_val)} validation, {x.shape[1]} features, "
          f"{y.mean():.1%} returned")

    net = ReturnsNet(x.shape[1], cfg["hidden"], cfg["dropout"])
    weight = (1 - y_train.mean()) / y_train.mean() if cfg["balance"] else None
    criterion = nn.BCEWithLogitsLoss(pos_weight=weight)
    kinds = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
    optimizer = kinds[cfg["optimizer"]](net.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])

    log = csv.writer(open("metrics.csv", "w", newline="", buffering=1))
    log.writerow(["epoch", "train_loss", "val_loss", "val_acc", "val_auc"])
    for epoch in range(1, cfg["epochs"] + 1):
        net.train()
        total = 0.0
        for rows in torch.from_numpy(rng.permutation(cut)).split(cfg["batch_size"]):
            optimizer.zero_grad()
            loss = criterion(net(x_train[rows]).squeeze(1), y_train[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        net.eval()
        with torch.no_grad():
            logits = net(x_val).squeeze(1)
            val_loss = criterion(logits, y_val).item()
            acc = ((logits > 0) == (y_val > 0.5)).float().mean().item()
        log.writerow([epoch, f"{total / cut:.5f}", f"{val_loss:.5f}", f"{acc:.4f}", f"{auc(logits.numpy(), y_val.numpy()):.4f}"])
        print(f"epoch {epoch:2d}/{cfg['epochs']}  train {total / cut:.4f}  val {val_loss:.4f}  acc {acc:.3f}")

    on_the_way = (read_table(f"{cfg['folder']}/on_the_way.csv", cfg["features"]) - mean) / std
    with torch.no_grad():
        chance = torch.sigmoid(net(torch.from_numpy(on_the_way))).squeeze(1)
    marked = (chance > cfg["threshold"]).float().mean()
    print(f"on the way: {len(chance)} orders, {marked:.1%} marked as likely returns")
    torch.save({"net": net.state_dict(), "mean": mean, "std": std, "config": cfg}, "returns.pt")


if __name__ == "__main__":
    main(sys.argv[1:])
