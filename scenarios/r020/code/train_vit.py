"""Roof surface from a drone picture with a small ViT.

Our card holds 16 pictures at a time; --accum collects the gradient of several such batches for one update.
"""
import argparse
import json
import os

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from tiles import SURFACES, tiles
from vit import ViT


def get_args():
    ap = argparse.ArgumentParser()
    ap.add_argument("--lr", type=float, default=0.1)
    ap.add_argument("--momentum", type=float, default=0.9)
    ap.add_argument("--weight-decay", type=float, default=1e-4)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--accum", type=int, default=8)
    ap.add_argument("--epochs", type=int, default=6)
    ap.add_argument("--depth", type=int, default=2)
    ap.add_argument("--dim", type=int, default=32)
    ap.add_argument("--pictures", type=int, default=1280)
    ap.add_argument("--seed", type=int, default=42)
    ap.add_argument("--out", default="out")
    return ap.parse_args()


def accuracy(model, images, labels):
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train()
    return F.cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item()


def main():
    args = get_args()
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "args.json"), "w") as f:
        json.dump(vars(args), f, indent=1)
    torch.manual_seed(args.seed)

    images, labels = tiles(args.pictures, args.seed)
    val = tiles(320, args.seed + 10_000)
    loader = DataLoader(TensorDataset(images, labels), args.batch, shuffle=True, drop_last=True,
                        generator=torch.Generator().manual_seed(args.seed))
    model = ViT(len(SURFACES), dim=args.dim, depth=args.depth)
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
    print(f"ViT, {sum(p.numel() for p in model.parameters()) / 1e3:.1f}k parameters, "
          f"{len(images)} pictures, {args.batch} x {args.accum} = {args.batch * args.accum} per update, lr {args.lr}")

    update, running = 0, []
    for epoch in range(args.epochs):
        for i, (x, y) in enumerate(loader):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            running.append(loss.item())
            if (i + 1) % args.accum == 0:
                gnorm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()])
                opt.step()
                opt.zero_grad()
                update += 1
                if update % 5 == 0:
                    print(f"update {update:4d}  loss {sum(running) / len(running):.4f}  |g| {gnorm:.2f}")
                    running.clear()
        val_loss, val_acc = accuracy(model, *val)
        print(f"== epoch {epoch + 1:2d}  val loss {val_loss:.4f}  val acc {val_acc:.3f}")
    torch.save({"dim": args.dim, "depth": args.depth, "model": model.state_dict()}, os.path.join(args.out, "vit.pth"))


if __name__ == "__main__":
    main()
