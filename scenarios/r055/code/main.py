import argparse
import csv
import os
import time

import torch
import yaml
from torch import nn
from torch.utils.data import DataLoader

from reader import Crops, Pack
from xylem import SPECIES, write_pack


def rss():
    """Resident memory of this process in MiB."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def conv(i, o, stride):
    return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class GrainNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.trunk = nn.Sequential(conv(1, width, 1), nn.MaxPool2d(2), conv(width, 2 * width, 1), nn.MaxPool2d(2),
                                   conv(2 * width, 2 * width, 1), conv(2 * width, 4 * width, 2))
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x):
        return self.head(self.trunk(x).mean((2, 3)))


def accuracy(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    model.train()
    return right / total


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--config", default="grain.yaml")
    cfg = yaml.safe_load(open(ap.parse_args().config))
    torch.manual_seed(cfg["seed"])
    d = cfg["data"]
    for i, part in enumerate(("train", "val")):
        size = write_pack(d["folder"], part, d[part], cfg["seed"] * 10 + i)
        print(f"{d['folder']}/{part}.pack  {d[part]} scans  {size / 2**20:.1f} MiB")
    val = DataLoader(Crops(Pack(d["folder"], "val", 0), d["crop"]), batch_size=60)
    train = DataLoader(Crops(Pack(d["folder"], "train", d["keep"]), d["crop"], cfg["seed"]), batch_size=d["batch_size"],
                       shuffle=True, drop_last=True)
    model = GrainNet(cfg["model"]["width"], len(SPECIES))
    print(model)
    o = cfg["optim"]
    opt = torch.optim.SGD(model.parameters(), lr=o["lr"], momentum=o["momentum"], weight_decay=o["weight_decay"],
                          nesterov=o["nesterov"])
    total = cfg["epochs"] * len(train)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=o["lr"], total_steps=total, pct_start=0.2)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=cfg["label_smoothing"])
    os.makedirs(cfg["out"], exist_ok=True)
    table = csv.writer(open(f"{cfg['out']}/steps.csv", "w", newline=""))
    table.writerow(["step", "epoch", "loss", "acc", "lr", "rss_mib", "load_ms", "step_ms"])

    step, model_bytes = 0, sum(p.numel() * p.element_size() for p in model.parameters())
    print(f"{model_bytes / 1024:.0f} KiB of weights, {total} steps, rss {rss():.0f} MiB")
    for epoch in range(cfg["epochs"]):
        mark = time.perf_counter()
        for x, y in train:
            loaded = time.perf_counter()
            out = model(x)
            loss = loss_fn(out, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            step += 1
            done = time.perf_counter()
            if step % cfg["log_every"] == 0:
                acc = (out.argmax(1) == y).float().mean().item()
                lr = sched.get_last_lr()[0]
                table.writerow([step, epoch, f"{loss.item():.4f}", f"{acc:.3f}", f"{lr:.5f}", f"{rss():.1f}",
                                f"{1000 * (loaded - mark):.1f}", f"{1000 * (done - loaded):.1f}"])
                print(f"[{epoch}] {step:4d}/{total}  loss {loss.item():.3f}  acc {acc:.2f}  lr {lr:.4f}  rss {rss():.0f} MiB")
            mark = time.perf_counter()
        print(f"[{epoch}] val acc {accuracy(model, val):.4f}  rss {rss():.0f} MiB")
    torch.save({"config": cfg, "model": model.state_dict()}, f"{cfg['out']}/grainnet.pt")


if __name__ == "__main__":
    main()
