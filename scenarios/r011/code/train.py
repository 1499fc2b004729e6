"""python train.py [--steps N] [--lr F]"""
import argparse

import torch
from torch.nn.functional import cross_entropy

from minit5 import MiniT5
from recipes import CARD, SRC, TGT, batch

ap = argparse.ArgumentParser()
ap.add_argument("--steps", type=int, default=240)
ap.add_argument("--lr", type=float, default=2e-3)
ap.add_argument("--weight-decay", type=float, default=0.0)
ap.add_argument("--clip", type=float, default=1.0)
ap.add_argument("--batch", type=int, default=24)
ap.add_argument("--ff", type=int, default=64)
ap.add_argument("--optimizer", default="adamw")
ap.add_argument("--seed", type=int, default=77)
a = ap.parse_args()
print("running with", vars(a))

torch.manual_seed(a.seed)
gen = torch.Generator().manual_seed(a.seed)
pool_src, pool_tgt = batch(1500, gen)
dev_src, dev_tgt = batch(200, gen)
model = MiniT5(len(SRC), len(TGT), ff=a.ff)
opt = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[a.optimizer](model.parameters(), lr=a.lr, weight_decay=a.weight_decay)

for step in range(1, a.steps + 1):
    rows = torch.randint(len(pool_src), (a.batch,), generator=gen)
    loss = cross_entropy(model(pool_src[rows], pool_tgt[rows]).flatten(0, 1), pool_tgt[rows].flatten())
    opt.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), a.clip)
    opt.step()
    if step % 5 == 0:
        print(f"step {step} loss {loss.item():.4f} gnorm {norm.item():.3f}")
    if step % 50 == 0:
        with torch.no_grad():
            right = (model(dev_src, dev_tgt).argmax(-1) == dev_tgt)[:, :CARD - 1].float().mean().item()
        print(f"  dev: fields right {right:.3f}")

torch.save({"ff": a.ff, "weights": model.state_dict()}, "baker.pt")
print("wrote baker.pt")
