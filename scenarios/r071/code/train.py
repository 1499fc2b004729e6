import argparse
import math
import os
import random

import torch
import torch.nn.functional as F

from lm import PatternLSTM
from patterns import TOKENS, book

ap = argparse.ArgumentParser()
ap.add_argument("--tokens", type=int, default=30000)
ap.add_argument("--bptt", type=int, default=40)
ap.add_argument("--batch", type=int, default=24)
ap.add_argument("--hidden", type=int, default=48)
ap.add_argument("--layers", type=int, default=1)
ap.add_argument("--dropout", type=float, default=0.1)
ap.add_argument("--lr", type=float, default=6e-3)
ap.add_argument("--steps", type=int, default=240, help="length of the whole run, the schedule is laid out for it")
ap.add_argument("--until", type=int, default=None, help="leave after this step (the queue gives us an hour at a time)")
ap.add_argument("--every", type=int, default=10)
ap.add_argument("--ckpt", default="ckpt/last.pt")
ap.add_argument("--resume", action="store_true")
ap.add_argument("--seed", type=int, default=14)
args = ap.parse_args()

torch.manual_seed(args.seed)
train = torch.tensor(book(args.seed, args.tokens))
valid = torch.tensor(book(args.seed + 1, 4000))
model = PatternLSTM(len(TOKENS), hidden=args.hidden, layers=args.layers, dropout=args.dropout)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda i: min(1, (i + 1) / 20) * (0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * i / args.steps))))
picker = random.Random(args.seed)
step, mean_loss = 0, None

if args.resume:
    saved = torch.load(args.ckpt, weights_only=False)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    torch.set_rng_state(saved["torch_rng"])
    picker.setstate(saved["picker"])
    step, mean_loss = saved["step"], saved["mean_loss"]
    print(f"== continuing from {args.ckpt}, step {step}")
else:
    print(f"== {len(train)} tokens, {len(TOKENS)} in the vocabulary, {sum(p.numel() for p in model.parameters())} parameters")


def windows():
    starts = [picker.randrange(len(train) - args.bptt - 1) for _ in range(args.batch)]
    rows = torch.stack([train[s:s + args.bptt + 1] for s in starts])
    return rows[:, :-1], rows[:, 1:]


@torch.no_grad()
def perplexity():
    model.eval()
    ids = valid[: len(valid) // 8 * 8].view(8, -1)
    logits, _ = model(ids[:, :-1])
    model.train()
    return math.exp(F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item())


last = min(args.until or args.steps, args.steps)
model.train()
while step < last:
    x, y = windows()
    logits, _ = model(x)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    lr = schedule.get_last_lr()[0]
    schedule.step()
    step += 1
    mean_loss = loss.item() if mean_loss is None else 0.9 * mean_loss + 0.1 * loss.item()
    if step % args.every == 0:
        print(f"step {step:4d}  loss {loss.item():.4f}  smoothed {mean_loss:.4f}  norm {norm.item():.3f}  lr {lr:.3e}")
    if step % 40 == 0:
        print(f"step {step:4d}  valid ppl {perplexity():.3f}")

os.makedirs(os.path.dirname(args.ckpt), exist_ok=True)
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict(),
            "torch_rng": torch.get_rng_state(), "picker": picker.getstate(), "step": step, "mean_loss": mean_loss,
            "args": vars(args)}, args.ckpt)
print(f"== saved {args.ckpt} at step {step}")
