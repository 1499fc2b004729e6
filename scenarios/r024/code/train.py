import argparse
import logging
import os

import torch
import torch.nn.functional as F
import yaml
from torch.utils.data import DataLoader, TensorDataset

from calls import TYPES, make_patches
from net import CallNet

log = logging.getLogger("birdcall")


def make_optimizer(model, cfg):
    if cfg["name"] == "adam":
        return torch.optim.Adam(model.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])
    if cfg["name"] == "sgd":
        return torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=0.9, weight_decay=cfg["weight_decay"])
    raise ValueError(f"unknown optimizer {cfg['name']}")


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    hits = total = 0
    for x, y in loader:
        hits += (model(x).argmax(1) == y).sum().item()
        total += len(y)
    return hits / total


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--config", default="configs/field.yaml")
    args = ap.parse_args()
    with open(args.config) as f:
        cfg = yaml.safe_load(f)
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s | %(message)s")
    torch.manual_seed(cfg["seed"])
    os.makedirs(cfg["out"], exist_ok=True)
    with open(os.path.join(cfg["out"], "config.yaml"), "w") as f:
        yaml.safe_dump(cfg, f)

    d = cfg["data"]
    train = TensorDataset(*make_patches(d["train_patches"], cfg["seed"], d["noise"]))
    val = TensorDataset(*make_patches(d["val_patches"], cfg["seed"] + 1000, d["noise"]))
    log.info("patches: %d train, %d val, %d call types, one patch is %s", len(train), len(val), len(TYPES),
             "x".join(map(str, train[0][0].shape)))
    for k, name in enumerate(TYPES):
        log.info("  %-10s %4d", name, (train.tensors[1] == k).sum().item())
    workers = cfg["num_workers"]
    train_loader = DataLoader(train, cfg["batch_size"], shuffle=True, num_workers=workers)
    val_loader = DataLoader(val, 100, num_workers=workers)

    model = CallNet(**cfg["model"])
    log.info("model: %s", cfg["model"])
    log.info("parameters: %d", sum(p.numel() for p in model.parameters()))
    optimizer = make_optimizer(model, cfg["optim"])

    for epoch in range(1, cfg["epochs"] + 1):
        model.train()
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        log.info("epoch %d  train loss %.4f  val acc %.3f", epoch, total / len(train), accuracy(model, val_loader))
    torch.save({"model": model.state_dict(), "config": cfg["model"]}, os.path.join(cfg["out"], "callnet.pt"))


if __name__ == "__main__":
    main()
