import argparse
import math

import torch
import torch.nn.functional as F

import lemmas
from seq2seq import Lemmatizer

parser = argparse.ArgumentParser()
parser.add_argument("--updates", type=int, default=400, help="updates in this job")
parser.add_argument("--total", type=int, default=800, help="updates of the whole training")
parser.add_argument("--warmup", type=int, default=40)
parser.add_argument("--lr", type=float, default=1.2e-2)
parser.add_argument("--optimizer", default="adam", choices=["adam", "adamw"])
parser.add_argument("--beta2", type=float, default=0.98)
parser.add_argument("--batch", type=int, default=6)
parser.add_argument("--width", type=int, default=48)
parser.add_argument("--layers", type=int, default=1)
parser.add_argument("--seed", type=int, default=6)
parser.add_argument("--continue-from", metavar="CHECKPOINT")
args = parser.parse_args()

torch.manual_seed(args.seed)
model = Lemmatizer(lemmas.VOCAB, args.width, layers=args.layers)
kind = torch.optim.Adam if args.optimizer == "adam" else torch.optim.AdamW
optimizer = kind(model.parameters(), lr=args.lr, betas=(0.9, args.beta2), eps=1e-9)


def shape(update):
    """Linear warm-up, then a cosine down to zero at the last update of the training."""
    if update < args.warmup:
        return (update + 1) / args.warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (update - args.warmup) / (args.total - args.warmup))))


schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
done = 0
if args.continue_from:
    checkpoint = torch.load(args.continue_from)
    model.load_state_dict(checkpoint["model"])
    done = checkpoint["updates"]
    print(f"loaded {args.continue_from} after {done} updates")

rng = lemmas.stream(1000 * args.seed + done)
held = lemmas.batch(200, lemmas.stream(1000 * args.seed + 999), typed=False)
print(f"{sum(p.numel() for p in model.parameters())} parameters, updates {done + 1} to {done + args.updates} of {args.total}")
for update in range(done + 1, done + args.updates + 1):
    model.train()
    source, target = lemmas.batch(args.batch, rng)
    logits = model(source, target[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    lr = schedule.get_last_lr()[0]
    schedule.step()
    if update % 20 == 0:
        model.eval()
        with torch.no_grad():
            h = F.cross_entropy(model(held[0], held[1][:, :-1]).flatten(0, 1), held[1][:, 1:].flatten()).item()
        print(f"update {update:4d}  lr {lr:.2e}  loss {loss.item():.4f}  proofread {h:.4f}")

model.eval()
words = (model.decode(held[0], 10) == held[1][:, 1:]).all(1).float().mean().item()
print(f"whole words right after {update} updates: {words:.3f}")
torch.save({"model": model.state_dict(), "updates": update}, "run/model_last.pt")
