import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
import yaml

from encoder import TicketBert
from tickets import ASSEMBLIES, WORDS, tickets, to_batch


def load_settings(path):
    with open(path) as f:
        return yaml.safe_load(f)


def build(settings):
    return TicketBert(len(WORDS), len(ASSEMBLIES), **settings["encoder"])


def describe(rows):
    lengths = np.array([len(words) for words, _ in rows])
    counts = np.bincount([label for _, label in rows], minlength=len(ASSEMBLIES))
    print(f"tickets {len(rows)}, words per ticket: mean {lengths.mean():.1f} max {lengths.max()}")
    print("  " + "  ".join(f"{name}:{count}" for name, count in zip(ASSEMBLIES, counts)))


@torch.no_grad()
def accuracy(model, rows, context, size=40):
    model.eval()
    hits = 0
    for start in range(0, len(rows), size):
        ids, labels = to_batch(rows[start:start + size], context)
        hits += (model(ids).argmax(1) == labels).sum().item()
    model.train()
    return hits / len(rows)


def main():
    s = load_settings(sys.argv[1] if len(sys.argv) > 1 else "settings.yaml")
    corpus, optim, context = s["corpus"], s["optim"], s["encoder"]["context"]
    folder = os.path.join(s["run"]["dir"], s["run"]["name"])
    os.makedirs(folder, exist_ok=True)
    yaml.safe_dump(s, open(os.path.join(folder, "settings.yaml"), "w"), sort_keys=False)
    torch.manual_seed(s["run"]["seed"])
    rng = np.random.default_rng(s["run"]["seed"])

    rows = tickets(corpus["tickets"] + corpus["held_out"], s["run"]["seed"], corpus["shortest"], corpus["longest"])
    train, held_out = rows[: corpus["tickets"]], rows[corpus["tickets"]:]
    describe(train)
    model = build(s)
    print(f"parameters {sum(p.numel() for p in model.parameters()):,d}")
    adam = torch.optim.Adam(model.parameters(), lr=optim["lr"])
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda u: min(1.0, (u + 1) / optim["warmup"]))

    for update in range(1, optim["updates"] + 1):
        picked = [train[k] for k in rng.integers(len(train), size=optim["batch"])]
        ids, labels = to_batch(picked, context)
        loss = F.cross_entropy(model(ids), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        if update % s["report_every"] == 0:
            print(f"update {update} loss {loss.item():.4f} lr {schedule.get_last_lr()[0]:.2e}")
    print(f"held-out accuracy {accuracy(model, held_out, context):.3f}")
    torch.save({"model": model.state_dict(), "encoder": s["encoder"]}, os.path.join(folder, "model.pt"))


if __name__ == "__main__":
    main()
