import json
import random

import torch
import torch.nn.functional as F

from grammar import CARD_LENGTH, WORDS, LEVELS, LIST_LENGTH, batch
from seq2seq import Seq2Seq

cfg = json.load(open("train.json"))
torch.manual_seed(cfg["seed"])
rng = random.Random(cfg["seed"])
model = Seq2Seq(len(WORDS), CARD_LENGTH, LIST_LENGTH, **cfg["model"])
opt = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[cfg["optimizer"]](model.parameters(), lr=cfg["lr"])
total = sum(cfg["steps_per_level"])
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 20) * min(1, 2.5 * (1 - s / total) + 0.02))


def exact(level, count=100):
    source, target = map(torch.tensor, batch(random.Random(cfg["seed"] + level), count, level))
    model.eval()
    said = model.decode(source, LIST_LENGTH)
    wanted = target > 0
    return ((said == target) | ~wanted).all(1).float().mean().item()


log = open("metrics.jsonl", "w")
step = 0
for stage, (level, steps) in enumerate(zip(LEVELS, cfg["steps_per_level"])):
    print(f"== up to {level} articles per card, {steps} updates")
    for _ in range(steps):
        model.train()
        # a third of the cards repeats what was learned before
        now = level if rng.random() > 1 / 3 else rng.choice(LEVELS[: stage + 1])
        source, target = map(torch.tensor, batch(rng, cfg["batch"], now))
        logits = model(source, target[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0)
        opt.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
        opt.step()
        sched.step()
        step += 1
        if step % cfg["log_every"] == 0:
            row = {"step": step, "level": now, "loss": round(loss.item(), 4), "grad_norm": round(norm, 3)}
            log.write(json.dumps(row) + "\n")
            print("step {step:4d} | cards of {level} | loss {loss:.4f} | grad norm {grad_norm:.2f}".format(**row))
    print(f"   lists right at {level}: {exact(level):.2f}")
print("lists right:", ", ".join(f"{n} -> {exact(n):.2f}" for n in LEVELS))
torch.save(model.state_dict(), "lister.pt")
