#!/usr/bin/env python
"""Stitch classifier for the swatch scanner."""
import argparse
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import swatches

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--grad-accum", type=int, default=1)
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
parser.add_argument("--width", type=int, default=12)
parser.add_argument("--photos", type=int, default=1024)
parser.add_argument("--seed", type=int, default=3)
parser.add_argument("--print-freq", type=int, default=5)


def block(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
        nn.Conv2d(cout, cout, 3, padding=1, groups=cout, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


def build(width):
    return nn.Sequential(
        block(1, width), nn.MaxPool2d(2), block(width, 2 * width), nn.MaxPool2d(2), block(2 * width, 4 * width),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, len(swatches.PATTERNS)),
    )


def validate(model, photos, labels, device):
    model.eval()
    hits = 0
    with torch.no_grad():
        for i in range(0, len(photos), 100):
            hits += (model(photos[i:i + 100].to(device)).argmax(1).cpu() == labels[i:i + 100]).sum().item()
    return 100.0 * hits / len(photos)


def main():
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(0).total_memory
        print(f"=> using {torch.cuda.get_device_name(0)}, {total / 2**20:.0f} MiB")
    photos, labels = map(torch.from_numpy, swatches.draw(rng, args.photos))
    val_photos, val_labels = map(torch.from_numpy, swatches.draw(rng, 300))
    print(f"=> {len(photos)} train / {len(val_photos)} val photos, {tuple(photos.shape[1:])}")
    model = build(args.width).to(device)
    print(f"=> {sum(p.numel() for p in model.parameters())} parameters, {args}")
    if args.optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=0.9, weight_decay=1e-4, nesterov=True)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), args.lr)

    for epoch in range(args.epochs):
        model.train()
        order = torch.randperm(len(photos))
        steps = max(len(photos) // args.batch_size, 1)
        tic = time.time()
        for i in range(steps):
            index = order[i * args.batch_size:(i + 1) * args.batch_size]
            images, target = photos[index].to(device), labels[index].to(device)
            output = model(images)
            loss = F.cross_entropy(output, target)
            (loss / args.grad_accum).backward()
            if (i + 1) % args.grad_accum == 0 or i + 1 == steps:
                optimizer.step()
                optimizer.zero_grad()
            if i % args.print_freq == 0:
                acc1 = (output.argmax(1) == target).float().mean().item() * 100
                print(f"Epoch: [{epoch}][{i}/{steps}]\tTime {time.time() - tic:.2f}\tLoss {loss.item():.4f}\tAcc@1 {acc1:.1f}")
        print(f" * Acc@1 {validate(model, val_photos, val_labels, device):.2f}")
        torch.save({"epoch": epoch, "width": args.width, "state_dict": model.state_dict()}, "checkpoint.pth")


if __name__ == "__main__":
    main()
