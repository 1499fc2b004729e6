"""Next-stitch language model for knitting charts.

A chart row is a list of stitches ("k2tog yo k1 ..."), a chart is its rows joined by "/". Charts are composed from
panels, each panel has its own repeat and is knitted over a random number of rows.

usage: python stitchlm.py [--hidden 64] [--steps 120] ...
"""
import argparse
import json
import math
import resource
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

BASE = ["k1", "p1", "yo", "sl1", "ssk", "k2tog", "p2tog", "kfb", "m1l", "m1r", "psso", "c4f", "c4b", "c6f", "c6b", "mb"]
COLOURS = [f"y{i:02d}" for i in range(25)]
SPECIAL = ["<start>", "/", "<off>"]
VOCAB = SPECIAL + [f"{s}.{c}" for c in COLOURS for s in BASE]
START, ROW, OFF = 0, 1, 2


def panel_book(n_panels=24, seed=101):
    """The repeats that all charts draw from: 3 to 7 stitches each. Same book for every run."""
    rng = np.random.default_rng(seed)
    return [rng.integers(len(SPECIAL), len(VOCAB), rng.integers(3, 8)) for _ in range(n_panels)]


def knit(book, rng, width):
    """One chart of `width` tokens."""
    out = [START]
    while len(out) < width:
        repeat = book[rng.integers(len(book))]
        for _ in range(rng.integers(1, 4)):
            out.extend(np.tile(repeat, rng.integers(2, 4)))
            out.append(ROW)
    return out[:width]


def charts(n, width, rng, book):
    return torch.from_numpy(np.array([knit(book, rng, width) for _ in range(n)], dtype=np.int64))


class StitchLM(nn.Module):
    def __init__(self, n_tokens, emb=48, hidden=64, layers=1, cell="lstm"):
        super().__init__()
        self.emb = nn.Embedding(n_tokens, emb)
        rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.rnn = rnn(emb, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, n_tokens)

    def forward(self, x, state=None):
        h, state = self.rnn(self.emb(x), state)
        return self.out(h), state


def held_out_nll(model, data, batch_size):
    model.eval()
    total, n = 0.0, 0
    with torch.no_grad():
        for chunk in data.split(batch_size):
            logits, _ = model(chunk[:, :-1])
            total += F.cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten(), reduction="sum").item()
            n += chunk[:, 1:].numel()
    model.train()
    return total / n


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--cell", choices=["lstm", "gru"], default="lstm")
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--width", type=int, default=65, help="tokens per chart")
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=4.0)
    p.add_argument("--momentum", type=float, default=0.8)
    p.add_argument("--clip", type=float, default=0.5)
    p.add_argument("--smoothing", type=float, default=0.05)
    p.add_argument("--steps", type=int, default=120)
    p.add_argument("--log-every", type=int, default=10)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--save", default="stitchlm.pt")
    return p.parse_args()


def main():
    args = parse()
    print(json.dumps(vars(args)))
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    book = panel_book()
    corpus = charts(800, args.width, rng, book)
    valid = charts(100, args.width, rng, book)
    print(f"{len(corpus)} charts, {corpus.numel()} tokens, {len(VOCAB)} symbols, {len(book)} panels")

    model = StitchLM(len(VOCAB), hidden=args.hidden, layers=args.layers, cell=args.cell)
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    print(f"parameters {sum(p.numel() for p in model.parameters()):,}")

    total_nll, seen = 0, 0
    t0 = time.time()
    for step in range(1, args.steps + 1):
        rows = torch.from_numpy(rng.integers(0, len(corpus), args.batch))
        x, y = corpus[rows, :-1], corpus[rows, 1:]
        logits, _ = model(x)
        flat, gold = logits.flatten(0, 1), y.flatten()
        loss = F.cross_entropy(flat, gold, label_smoothing=args.smoothing)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        opt.step()

        # the curve in the write-up is plain nll per stitch, averaged since the start
        nll = F.cross_entropy(flat, gold, reduction="sum")
        total_nll += nll
        seen += gold.numel()

        if step % args.log_every == 0:
            rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{step:4d} | loss {loss.item():.3f} | nll/stitch {nll.item() / gold.numel():.3f} "
                  f"| mean {total_nll.item() / seen:.3f} | maxrss {rss:.0f}M | {time.time() - t0:.0f}s")

    nll = held_out_nll(model, valid, args.batch)
    print(f"held-out nll/stitch {nll:.3f}  perplexity {math.exp(nll):.2f}")
    torch.save({"model": model.state_dict(), "args": vars(args)}, args.save)


if __name__ == "__main__":
    main()
