import argparse
import json

import torch
import torch.nn.functional as F

import registers
from t5 import SmallT5

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=9)
ap.add_argument("--per-volume", type=int, default=800)
ap.add_argument("--batch", type=int, default=16)
ap.add_argument("--lr", type=float, default=4e-3)
ap.add_argument("--optim", default="adam", choices=["adam", "adamw"])
ap.add_argument("--width", type=int, default=48)
ap.add_argument("--layers", type=int, default=1)
ap.add_argument("--clip", type=float, default=1.0)
ap.add_argument("--smoothing", type=float, default=0.0)
args = ap.parse_args()

torch.manual_seed(args.seed)
words = registers.lexicon()
model = SmallT5(len(words), args.width, layers=args.layers)
optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[args.optim](model.parameters(), lr=args.lr)


def per_entry_loss(logits, targets):
    """Mean over the words of an entry, then over entries, so that long dates weigh no more than short ones."""
    real = targets.ne(registers.PAD).float()
    losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none", label_smoothing=args.smoothing)
    return ((losses * real).sum(1) / real.sum(1)).mean()


step = 0
with open("metrics.jsonl", "w") as metrics:
    for number in range(registers.VOLUMES):
        rows = registers.volume(number, args.per_volume, args.seed)
        source = torch.from_numpy(registers.to_rows([text for text, _ in rows], words, 8))
        target = torch.from_numpy(registers.to_rows([date for _, date in rows], words, 3))
        for chosen in torch.randperm(len(rows)).split(args.batch):
            goal = target[chosen]
            start = torch.full((len(chosen), 1), registers.START)
            loss = per_entry_loss(model(source[chosen], torch.cat([start, goal[:, :-1]], 1)), goal)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
            optimizer.step()
            step += 1
            metrics.write(json.dumps({"step": step, "loss": round(loss.item(), 5)}) + "\n")
torch.save({"model": model.state_dict(), "width": args.width, "layers": args.layers}, "dates.pt")
print("saved dates.pt after", step, "steps")
