import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F

from glosser import Glosser
from lexicon import CHARS, N_GLOSSES, START, phrases

p = argparse.ArgumentParser()
p.add_argument("--phrases", type=int, default=3000)
p.add_argument("--words", type=int, default=4)
p.add_argument("--dim", type=int, default=48)
p.add_argument("--encoder-layers", type=int, default=2)
p.add_argument("--epochs", type=int, default=8)
p.add_argument("--batch", type=int, default=50)
p.add_argument("--optimizer", default="adam", choices=["adam", "adamw"])
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--seed", type=int, default=9)
p.add_argument("--save", default="checkpoints")
args = p.parse_args()

torch.manual_seed(args.seed)
os.makedirs(args.save, exist_ok=True)


def tensors(n, seed):
    chars, word_of, glosses = map(torch.from_numpy, phrases(n, args.words, seed))
    previous = F.pad(glosses[:, :-1], (1, 0), value=START)
    return chars, word_of, previous, glosses


train, dev = tensors(args.phrases, args.seed), tensors(200, args.seed + 5000)
model = Glosser(2 + len(CHARS), N_GLOSSES, args.dim, encoder_layers=args.encoder_layers)
optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[args.optimizer](model.parameters(), lr=args.lr)
print(f"{args.phrases} phrases of {args.words} words, {N_GLOSSES - 1} glosses")
for name, part in model.named_children():
    print(f"  {name:<8} {sum(w.numel() for w in part.parameters()):>7,} weights")

for epoch in range(args.epochs):
    model.train()
    losses = []
    for rows in torch.randperm(args.phrases).split(args.batch):
        chars, word_of, previous, glosses = (t[rows] for t in train)
        loss = F.cross_entropy(model(chars, word_of, previous).flatten(0, 1), glosses.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(*dev[:3])
        dev_loss = F.cross_entropy(logits.flatten(0, 1), dev[3].flatten()).item()
        correct = (logits.argmax(-1) == dev[3]).float().mean().item()
    print(f"epoch {epoch + 1}/{args.epochs}: loss {np.mean(losses):.3f}, dev loss {dev_loss:.3f}, dev glosses right {100 * correct:.1f} %")

torch.save({"args": vars(args), "weights": model.state_dict()}, f"{args.save}/glosser.pt")
