#!/usr/bin/env python3
import argparse
import math
import time

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

from recipes import Pieces, step
import random

parser = argparse.ArgumentParser(description="recurrent language model of recipes")
parser.add_argument("--emsize", type=int, default=48)
parser.add_argument("--nlayers", type=int, default=1)
parser.add_argument("--model", default="GRU", choices=["GRU", "LSTM"])
parser.add_argument("--lr", type=float, default=4e-3)
parser.add_argument("--clip", type=float, default=0.5)
parser.add_argument("--batch-size", type=int, default=16)
parser.add_argument("--bptt", type=int, default=16)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--dropout", type=float, default=0.1)
parser.add_argument("--optim", default="adam", choices=["adam", "adamw"])
parser.add_argument("--seed", type=int, default=1111)
parser.add_argument("--log-interval", type=int, default=10)
parser.add_argument("--save", default="model.pt")


class RNNModel(nn.Module):
    """Input and output embedding are one matrix."""

    def __init__(self, rnn_type, ntoken, emsize, nlayers, dropout):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, emsize)
        self.rnn = getattr(nn, rnn_type)(emsize, emsize, nlayers, dropout=dropout, batch_first=True)
        self.decoder = nn.Linear(emsize, ntoken)
        self.decoder.weight = self.encoder.weight

    def forward(self, ids):
        output, _ = self.rnn(self.drop(self.encoder(ids)))
        return self.decoder(self.drop(output))


def blocks(pieces, steps, bptt, rng):
    ids = [i for _ in range(steps) for i in pieces.encode(step(rng))]
    rows = (len(ids) - 1) // bptt
    x = torch.tensor(ids[:rows * bptt]).view(rows, bptt)
    y = torch.tensor(ids[1:rows * bptt + 1]).view(rows, bptt)
    return TensorDataset(x, y)


def perplexity(loss):
    return math.exp(min(loss, 20))


def evaluate(model, loader, criterion):
    model.eval()
    total = count = 0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x).flatten(0, 1), y.flatten()).item() * len(x)
            count += len(x)
    return total / count


def main():
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    pieces = Pieces()
    train_set, valid_set = (blocks(pieces, n, args.bptt, rng) for n in (1800, 150))
    train_loader = DataLoader(train_set, args.batch_size, shuffle=True, drop_last=True, pin_memory=True)
    valid_loader = DataLoader(valid_set, 32)
    print(args)
    print(f"corpus: {train_set.tensors[0].numel()} train / {valid_set.tensors[0].numel()} valid pieces, vocabulary {pieces.size}")

    model = RNNModel(args.model, pieces.size, args.emsize, args.nlayers, args.dropout)
    criterion = nn.CrossEntropyLoss()
    optimizer = (torch.optim.Adam if args.optim == "adam" else torch.optim.AdamW)(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    scaler = torch.cuda.amp.GradScaler()

    for epoch in range(1, args.epochs + 1):
        model.train()
        start, total = time.time(), 0.0
        for batch, (x, y) in enumerate(train_loader, 1):
            loss = criterion(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), args.clip)
            scaler.step(optimizer)
            scaler.update()
            total += loss.item()
            if epoch == 1 and batch == 1 or batch % args.log_interval == 0:
                n = 1 if batch == 1 else args.log_interval - (epoch == 1 and batch == args.log_interval)
                ms = (time.time() - start) * 1000 / n
                print(f"| epoch {epoch:3d} | {batch:5d}/{len(train_loader):5d} batches | lr {scheduler.get_last_lr()[0]:.5f} "
                      f"| ms/batch {ms:5.1f} | loss {total / n:5.2f} | ppl {perplexity(total / n):10.2f}")
                start, total = time.time(), 0.0
        val = evaluate(model, valid_loader, criterion)
        print("-" * 96)
        print(f"| end of epoch {epoch:3d} | valid loss {val:5.2f} | valid ppl {perplexity(val):10.2f}")
        print("-" * 96)
        scheduler.step(epoch)
    torch.save({"model": model.state_dict(), "args": vars(args)}, args.save)


if __name__ == "__main__":
    main()
