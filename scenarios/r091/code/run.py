#!/usr/bin/env python
import argparse
import json
import random
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from encoder import Bert, encode
from records import enlarge, notes, split

parser = argparse.ArgumentParser()
parser.add_argument("--notes", type=int, default=400)
parser.add_argument("--copies", type=int, default=4)
parser.add_argument("--valid-share", type=float, default=0.25)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--optimizer", default="adamw", choices=["adamw", "adam"])
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--dropout", type=float, default=0.1)
parser.add_argument("--dim", type=int, default=32)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--seed", type=int, default=12)
parser.add_argument("--results", type=Path, default=Path("results"))
args = parser.parse_args()

args.results.mkdir(exist_ok=True)
(args.results / "args.json").write_text(json.dumps(vars(args), default=str, indent=1))
rng = random.Random(args.seed)
torch.manual_seed(args.seed)

rows = notes(args.notes, args.seed)
print(f"{len(rows)} notes collected")
rows = enlarge(rows, args.copies, rng)
train_rows, valid_rows = split(rows, args.valid_share, rng)
print(f"{len(train_rows)} for training and {len(valid_rows)} for validation, {args.copies} rewritten versions per note")
(x, y), (x_valid, y_valid) = encode(train_rows, 16), encode(valid_rows, 16)

model = Bert(args.dim, layers=args.layers, dropout=args.dropout)
optimizers = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
optimizer = optimizers[args.optimizer](model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
best, history = {"valid_accuracy": 0.0}, []
for epoch in range(1, args.epochs + 1):
    model.train()
    total = 0.0
    for part in torch.randperm(len(x)).split(args.batch):
        loss = cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(part)
    model.eval()
    with torch.no_grad():
        logits = model(x_valid)
    row = {
        "epoch": epoch,
        "train_loss": round(total / len(x), 4),
        "valid_loss": round(cross_entropy(logits, y_valid).item(), 4),
        "valid_accuracy": round((logits.argmax(1) == y_valid).float().mean().item(), 4),
    }
    history.append(row)
    print("  ".join(f"{key} {value}" for key, value in row.items()))
    if row["valid_accuracy"] > best["valid_accuracy"]:
        best = row
        torch.save({"args": {"dim": args.dim, "layers": args.layers}, "state": model.state_dict()}, args.results / "best.pt")
(args.results / "summary.json").write_text(json.dumps({"best": best, "history": history}, indent=1))
print(f"best: epoch {best['epoch']}, {best['valid_accuracy']:.1%} of the validation notes in the right department")
