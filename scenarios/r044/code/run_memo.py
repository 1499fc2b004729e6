import json
import math
import sys

import torch
from torch import nn

from memo import STATES, WORDS, records


class MemoGRU(nn.Module):
    def __init__(self, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 16)
        self.gru = nn.GRU(16, hidden, layers, batch_first=True)
        self.note = nn.Linear(hidden, STATES)

    def forward(self, ids):
        return self.note(self.gru(self.embedding(ids))[0])


def held_out(model, ids, states):
    model.eval()
    with torch.no_grad():
        logits = model(ids)
    model.train()
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), states.flatten()).item()
    return loss, (logits.argmax(-1) == states).float().mean().item()


def main(settings):
    with open(settings) as f:
        s = json.load(f)
    torch.manual_seed(s["seed"])
    ids, states = records(s["records"], s["length"], s["seed"])
    dev = records(100, s["length"], s["seed"] + 1000)
    model = MemoGRU(s["hidden"], s["layers"])
    optimizer = torch.optim.SGD(model.parameters(), **s["sgd"])
    limit = s["max_norm"] if s["max_norm"] is not None else math.inf
    print(f"{len(ids)} records of {s['length']} pulses, {WORDS} pulse words, {STATES} lamp states, "
          f"{sum(p.numel() for p in model.parameters())} parameters")
    norms = open("norms.txt", "w")
    for step in range(1, s["steps"] + 1):
        pick = torch.randint(len(ids), (s["batch"],))
        loss = nn.functional.cross_entropy(model(ids[pick]).flatten(0, 1), states[pick].flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
        norms.write(f"{step:4d} {loss.item():10.4f} {norm.item():12.4f}\n")
        if step % s["anneal_every"] == 0:
            for group in optimizer.param_groups:
                group["lr"] /= s["anneal_by"]
        if step % 10 == 0:
            lr = optimizer.param_groups[0]["lr"]
            print(f"{step:4d}/{s['steps']}  loss {loss.item():8.3f}  norm {norm.item():10.3f}  lr {lr:g}")
    loss, accuracy = held_out(model, *dev)
    print(f"held-out loss {loss:.3f}  lamp states read right {accuracy:.3f}")
    torch.save({"hidden": s["hidden"], "layers": s["layers"], "weights": model.state_dict()}, "memo_gru.pt")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "settings.json")
