#!/usr/bin/env python
import argparse
import csv
import math
import warnings

import numpy as np
import torch
from torch import nn

import logbook
from distil import DistilLM

parser = argparse.ArgumentParser("pretrain", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--train_entries", type=int, default=3000)
parser.add_argument("--held_out_entries", type=int, default=200)
parser.add_argument("--mlm_prob", type=float, default=0.2)
parser.add_argument("--dim", type=int, default=48)
parser.add_argument("--n_layers", type=int, default=2)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--steps", type=int, default=240)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--warmup_steps", type=int, default=24)
parser.add_argument("--clip", type=float, default=1.0)
parser.add_argument("--optim", choices=["adam", "adamw"], default="adam")
parser.add_argument("--every", type=int, default=20)
parser.add_argument("--seed", type=int, default=5)
opt = parser.parse_args()

warnings.warn("--fp16 is ignored without an accelerator", UserWarning)
torch.manual_seed(opt.seed)
rng = np.random.default_rng(opt.seed)
corpus = logbook.build(opt.train_entries, opt.held_out_entries, opt.seed)
tokens = corpus.train.size
print(f"corpus: {len(corpus.train)} entries, {tokens} tokens, {len(logbook.WORDS)} types "
      f"(uniform guess would cost {math.log(len(logbook.WORDS)):.2f} nats)")

model = DistilLM(len(logbook.WORDS), corpus.train.shape[1], dim=opt.dim, hidden=2 * opt.dim, layers=opt.n_layers)
optimizer = (torch.optim.AdamW if opt.optim == "adamw" else torch.optim.Adam)(model.parameters(), lr=opt.lr)
ramp = torch.optim.lr_scheduler.LinearLR(optimizer, 0.05, 1.0, opt.warmup_steps)
loss_fn = nn.CrossEntropyLoss(ignore_index=-100)
held_in, held_labels = (torch.from_numpy(a) for a in logbook.mask_tokens(corpus.held_out, np.random.default_rng(0), opt.mlm_prob))

with open("mlm.csv", "w", newline="") as f:
    table = csv.writer(f)
    table.writerow(["step", "train_loss", "held_out_loss", "held_out_acc", "lr"])
    for step in range(opt.steps + 1):
        rows = rng.integers(0, len(corpus.train), opt.batch)
        inputs, labels = (torch.from_numpy(a) for a in logbook.mask_tokens(corpus.train[rows], rng, opt.mlm_prob))
        loss = loss_fn(model(inputs).flatten(0, 1), labels.flatten())
        if step % opt.every == 0:
            with torch.no_grad():
                logits = model(held_in)
            asked = held_labels != -100
            held = loss_fn(logits.flatten(0, 1), held_labels.flatten()).item()
            acc = (logits.argmax(-1) == held_labels)[asked].float().mean().item()
            lr = optimizer.param_groups[0]["lr"]
            table.writerow([step, f"{loss.item():.4f}", f"{held:.4f}", f"{acc:.4f}", f"{lr:.2e}"])
            print(f"it {step:>4} | mlm {loss.item():8.4f} | held-out {held:8.4f} | acc {acc:.3f}")
        if step == opt.steps:
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), opt.clip)
        optimizer.step()
        ramp.step()

torch.save({"args": vars(opt), "state": model.state_dict()}, "student.pt")
