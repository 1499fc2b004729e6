"""Train the grain classifier on annotated crops, follow it on scanner crops."""
import argparse
import csv
import pathlib
import random

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

import crops
from layers import GrainNet

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=16)
p.add_argument("--bs", type=int, default=32)
p.add_argument("--opt", default="sgd", choices=["sgd", "adam"])
p.add_argument("--lr", type=float, default=0.01)
p.add_argument("--wd", type=float, default=5e-4)
p.add_argument("--width", type=int, default=12)
p.add_argument("--dropout", type=float, default=0.25)
p.add_argument("--reach", type=int, default=5, help="largest shift of a training crop, pixels")
p.add_argument("--labelled", type=int, default=640)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--results", default="results")
args = p.parse_args()

random.seed(args.seed)
np.random.seed(args.seed)
torch.manual_seed(args.seed)
results = pathlib.Path(args.results)
results.mkdir(exist_ok=True)
(results / "args.txt").write_text("\n".join(f"{k} = {v}" for k, v in sorted(vars(args).items())) + "\n")

train_x, train_y = map(torch.from_numpy, crops.labelled_set(args.labelled, args.seed))
scan_x, scan_y = map(torch.from_numpy, crops.slide_scan(250, args.seed + 500))
print("annotated crops", tuple(train_x.shape), "scanner crops", tuple(scan_x.shape))
print("per kind", dict(zip(crops.KINDS, torch.bincount(train_y).tolist())))

net = GrainNet(len(crops.KINDS), args.width, args.dropout, args.reach)
print("weights:", sum(w.numel() for w in net.parameters()))
if args.opt == "sgd":
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=args.wd)
else:
    opt = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=args.wd)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)


def validate(net):
    net.eval()
    with torch.no_grad():
        out = net(scan_x)
    return F.cross_entropy(out, scan_y).item(), (out.argmax(1) == scan_y).float().mean().item()


table = open(results / "metrics.csv", "w", newline="")
writer = csv.writer(table)
writer.writerow(["epoch", "lr", "train_loss", "train_acc", "scan_loss", "scan_acc"])

net.train()
for epoch in range(1, args.epochs + 1):
    losses, hits = [], 0
    lr = schedule.get_last_lr()[0]
    batches = torch.randperm(len(train_x)).split(args.bs)
    for idx in tqdm(batches, desc=f"epoch {epoch}", ncols=70, mininterval=30):
        x, y = train_x[idx], train_y[idx]
        out = net(x)
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        hits += (out.argmax(1) == y).sum().item()
    schedule.step()
    scan_loss, scan_acc = validate(net)
    writer.writerow([epoch, f"{lr:.5f}", f"{np.mean(losses):.4f}", f"{hits / len(train_x):.3f}",
                     f"{scan_loss:.4f}", f"{scan_acc:.3f}"])
    print(f"epoch {epoch:2d}: train {np.mean(losses):.3f} / {hits / len(train_x):.3f}, scanner {scan_loss:.3f} / {scan_acc:.3f}")

table.close()
torch.save({"kinds": crops.KINDS, "width": args.width, "weights": net.state_dict()}, results / "grains.pt")
