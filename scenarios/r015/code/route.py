"""Fine routing of call notes in half precision, same settings as on the T4s."""
import argparse
import logging
import random

import torch
from torch import nn

from bert import MiniBert
from notes import DESKS, WordPiece, sample

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=120)
parser.add_argument("--batch", type=int, default=24)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--max-length", type=int, default=16)
parser.add_argument("--precision", choices=["fp16", "bf16"], default="fp16")
parser.add_argument("--init-scale", type=float, default=2.0 ** 24)
parser.add_argument("--growth-interval", type=int, default=50)
parser.add_argument("--max-norm", type=float, default=1.0)
parser.add_argument("--seed", type=int, default=31)
args = parser.parse_args()

logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
log = logging.getLogger("route")
logging.captureWarnings(True)

torch.manual_seed(args.seed)
rng = random.Random(args.seed)
texts, labels = sample(3000, rng)
tokenizer = WordPiece(texts, args.max_length)
x = torch.tensor([tokenizer(t) for t in texts])
y = torch.tensor(labels)
x, val_x, y, val_y = x[:2600], x[2600:], y[:2600], y[2600:]
log.info("%d notes for training, %d for validation, %d words, %d desks", len(x), len(val_x), len(tokenizer.words), len(DESKS))

model = MiniBert(len(tokenizer.words), len(DESKS), args.max_length, args.hidden, args.layers)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, betas=(0.9, 0.98))
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.steps + 1, pct_start=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=args.init_scale, growth_interval=args.growth_interval)
dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}[args.precision]
log.info("%d parameters, autocast %s, loss scale starts at %g", sum(p.numel() for p in model.parameters()), dtype, args.init_scale)


@torch.no_grad()
def evaluate():
    model.eval()
    logits = model(val_x)
    model.train()
    return nn.functional.cross_entropy(logits, val_y).item(), (logits.argmax(1) == val_y).float().mean().item()


skipped = 0
order = torch.randperm(len(x))
for step in range(1, args.steps + 1):
    start = (step - 1) * args.batch % (len(x) - args.batch)
    rows = order[start:start + args.batch]
    with torch.autocast("cpu", dtype=dtype):
        logits = model(x[rows])
        loss = nn.functional.cross_entropy(logits.float(), y[rows])
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    norm = nn.utils.clip_grad_norm_(model.parameters(), args.max_norm)
    scale = scaler.get_scale()
    scaler.step(optimizer)
    scaler.update()
    scheduler.step()
    if scaler.get_scale() < scale:
        skipped += 1
        log.warning("step %d: gradients hold inf or nan, update skipped, loss scale %g -> %g", step, scale, scaler.get_scale())
    if step <= 20 or step % 10 == 0:
        log.info("step %d loss %.4f grad_norm %.3f scale %g lr %.2e", step, loss.item(), norm.item(), scaler.get_scale(),
                 scheduler.get_last_lr()[0])
    if step % 40 == 0:
        log.info("eval step %d loss %.4f accuracy %.4f", step, *evaluate())

torch.save({"weights": model.state_dict(), "words": tokenizer.words, "args": vars(args)}, "router.pt")
log.info("done, %d of %d updates skipped", skipped, args.steps)
