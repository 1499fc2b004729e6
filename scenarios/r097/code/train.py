"""Rates hut guest-book notes with one to five stars.

    python train.py --epochs 6 --lr 1e-3
"""
import argparse
import os
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from model import StarRater
from notes import Vocabulary, read, type_up


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--data-dir", default="guestbook")
    p.add_argument("--out", default="star_rater.pt")
    p.add_argument("--num-labels", type=int, default=5)
    p.add_argument("--max-length", type=int, default=32)
    p.add_argument("--dim", type=int, default=48)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--optimizer", choices=["adam", "adamw", "sgd"], default="adam")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--eval-batch-size", type=int, default=128)
    p.add_argument("--seed", type=int, default=2)
    return p.parse_args()


def tensors(path, vocab, length):
    notes, stars = read(path)
    return TensorDataset(torch.tensor([vocab.encode(note, length) for note in notes]), torch.tensor(stars))


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    total = hits = n = 0
    for ids, labels in loader:
        loss, logits = model(ids, labels)
        total += loss.item() * len(ids)
        hits += (logits.argmax(-1) == labels).sum().item()
        n += len(ids)
    model.train()
    return total / n, hits / n


def main():
    args = parse()
    print("args:", vars(args))
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)

    os.makedirs(args.data_dir, exist_ok=True)
    train_tsv, dev_tsv = (os.path.join(args.data_dir, name) for name in ("train.tsv", "dev.tsv"))
    type_up(train_tsv, 1200, args.seed * 2 + 1)
    type_up(dev_tsv, 200, args.seed * 2 + 2)

    vocab = Vocabulary(read(train_tsv)[0])
    train_set, dev_set = (tensors(path, vocab, args.max_length) for path in (train_tsv, dev_tsv))
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True, drop_last=True)
    dev_loader = DataLoader(dev_set, batch_size=args.eval_batch_size)
    print(f"{len(train_set)} train notes, {len(dev_set)} dev notes, vocabulary of {len(vocab)}")

    model = StarRater(len(vocab), args.max_length, args.num_labels, dim=args.dim, layers=args.layers)
    print(f"StarRater: {sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters, {args.num_labels} labels")
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[args.optimizer]
    optimizer = make(model.parameters(), lr=args.lr)

    step = 0
    for epoch in range(1, args.epochs + 1):
        for ids, labels in train_loader:
            loss, _ = model(ids, labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 20 == 0:
                print(f"[epoch {epoch}] step {step:4d}  loss {loss.item():.4f}")
        dev_loss, dev_acc = evaluate(model, dev_loader)
        print(f"[epoch {epoch}] dev loss {dev_loss:.4f}  dev accuracy {dev_acc:.4f}")

    torch.save({"model": model.state_dict(), "vocab": vocab.ids, "args": vars(args)}, args.out)
    print("saved", args.out)


if __name__ == "__main__":
    main()
