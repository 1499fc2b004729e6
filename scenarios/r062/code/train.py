import argparse

import numpy as np
import torch
import torch.nn.functional as F

from bulletins import corpus
from lm import GRULM

ap = argparse.ArgumentParser()
ap.add_argument("--bulletins", type=int, default=480)
ap.add_argument("--epochs", type=int, default=2)
ap.add_argument("--bs", type=int, default=12)
ap.add_argument("--accum", type=int, default=2, help="batches whose losses are averaged for one update")
ap.add_argument("--lr", type=float, default=2.0)
ap.add_argument("--momentum", type=float, default=0.9)
ap.add_argument("--clip", type=float, default=0.25)
ap.add_argument("--layers", type=int, default=1)
ap.add_argument("--seed", type=int, default=7)
args = ap.parse_args()
torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)
dev = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


def memory():
    if dev.type == "cpu":
        return ""
    return f" | alloc {torch.cuda.memory_allocated() / 2**20:6.1f} reserved {torch.cuda.memory_reserved() / 2**20:6.1f} MiB"


def batches(texts, shuffle):
    order = rng.permutation(len(texts)) if shuffle else np.arange(len(texts))
    for i in range(0, len(order), args.bs):
        part = [texts[j] for j in order[i:i + args.bs]]
        width = max(map(len, part))
        x = torch.full((len(part), width), -1)
        for row, text in zip(x, part):
            row[:len(text)] = torch.from_numpy(text)
        yield x.to(dev)


def loss_of(model, x):
    logits = model(x[:, :-1].clamp(min=0))
    return F.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten(), ignore_index=-1)


train, valid = corpus(args.bulletins, 100 + args.seed), corpus(60, 5000 + args.seed)
lengths = np.array([len(t) for t in train])
print(f"{len(train)} bulletins, {lengths.sum()} words, length {lengths.min()}-{lengths.max()} (mean {lengths.mean():.1f}, sd {lengths.std():.1f})")
model = GRULM(layers=args.layers).to(dev)
opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
print(model)

step = 0
for epoch in range(1, args.epochs + 1):
    model.train()
    pending, total = 0, 0.0
    for x in batches(train, True):
        total = total + loss_of(model, x) / args.accum
        pending += 1
        if pending < args.accum:
            continue
        opt.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        opt.step()
        step += 1
        if step % 4 == 0:
            print(f"| epoch {epoch} | step {step:4d} | {tuple(x.shape)} | loss {total.item():5.2f} | ppl {total.exp().item():8.2f}{memory()}")
        pending, total = 0, 0.0
    model.eval()
    with torch.no_grad():
        val = np.mean([loss_of(model, x).item() for x in batches(valid, False)])
    print("-" * 80)
    print(f"| end of epoch {epoch} | valid loss {val:5.2f} | valid ppl {np.exp(val):8.2f}{memory()}")
    print("-" * 80)
    torch.save({"layers": args.layers, "model": model.state_dict()}, "bulletin-lm.pt")
