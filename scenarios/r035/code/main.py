"""LSTM language model over opening lines (after the word-level LM example: SGD, truncated BPTT, clipping)."""
import argparse
import csv
import math

import torch
import torch.nn as nn

from lines import STOI, stream

parser = argparse.ArgumentParser()
parser.add_argument("--emsize", type=int, default=32)
parser.add_argument("--nhid", type=int, default=64)
parser.add_argument("--cell", default="LSTM", choices=["LSTM", "GRU"])
parser.add_argument("--dropout", type=float, default=0.1)
parser.add_argument("--lr", type=float, default=5.0)
parser.add_argument("--milestones", type=int, nargs="*", default=[160, 200], help="optimizer steps at which the rate changes")
parser.add_argument("--gamma", type=float, default=10.0)
parser.add_argument("--clip", type=float, default=0.5)
parser.add_argument("--bptt", type=int, default=22)
parser.add_argument("--batch_size", type=int, default=20)
parser.add_argument("--games", type=int, default=3200)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--seed", type=int, default=1111)
parser.add_argument("--save", default="model.pt")
args = parser.parse_args()
torch.manual_seed(args.seed)


class OpeningLM(nn.Module):
    def __init__(self, cell, ntoken, ninp, nhid, dropout):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = getattr(nn, cell)(ninp, nhid)
        self.decoder = nn.Linear(nhid, ntoken)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, x, hidden=None):
        out, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return self.decoder(self.drop(out)), hidden


def columns(ids, width):
    rows = len(ids) // width
    return torch.tensor(ids[:rows * width]).view(width, rows).t().contiguous()


def keep(hidden):
    return tuple(h.detach() for h in hidden) if isinstance(hidden, tuple) else hidden.detach()


@torch.no_grad()
def evaluate(model, data):
    model.eval()
    logits, _ = model(data[:-1])
    model.train()
    return nn.functional.cross_entropy(logits.flatten(0, 1), data[1:].flatten()).item()


if __name__ == "__main__":
    train, valid = columns(stream(args.games, args.seed), args.batch_size), columns(stream(200, args.seed + 1), 10)
    model = OpeningLM(args.cell, len(STOI), args.emsize, args.nhid, args.dropout)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=args.milestones, gamma=args.gamma)
    print(args)
    print(model)
    print("tokens %d  vocabulary %d  batches per epoch %d" % (train.numel(), len(STOI), (len(train) - 1) // args.bptt))
    step = 0
    with open("curve.csv", "w", newline="") as f:
        curve = csv.writer(f)
        curve.writerow(["step", "epoch", "lr", "train_loss", "grad_norm"])
        for epoch in range(1, args.epochs + 1):
            hidden = None
            for i in range(0, len(train) - 1 - args.bptt, args.bptt):
                x, y = train[i:i + args.bptt], train[i + 1:i + 1 + args.bptt]
                hidden = keep(hidden) if hidden is not None else None
                logits, hidden = model(x, hidden)
                loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
                optimizer.zero_grad()
                loss.backward()
                norm = nn.utils.clip_grad_norm_(model.parameters(), args.clip)
                optimizer.step()
                step += 1
                curve.writerow([step, epoch, optimizer.param_groups[0]["lr"], f"{loss.item():.4f}", f"{norm.item():.3f}"])
                scheduler.step()
                if step % 20 == 0:
                    print("| epoch %d | %4d | loss %5.2f | ppl %8.2f" % (epoch, step, loss.item(), math.exp(min(loss.item(), 20))))
            val = evaluate(model, valid)
            print("-" * 60)
            print("| end of epoch %d | valid loss %5.2f | valid ppl %8.2f" % (epoch, val, math.exp(min(val, 20))))
            print("-" * 60)
    torch.save(model, args.save)
