"""Encoder-decoder from spoken lighting cues to desk commands (original Transformer layout)."""
import argparse
import time

import torch
from torch import nn

from cues import HEARD, HEARD_LEN, KEYS, KEYS_LEN, cues


class CueTransformer(nn.Module):
    def __init__(self, d, heads, layers):
        super().__init__()
        self.heard, self.keys = nn.Embedding(len(HEARD), d), nn.Embedding(len(KEYS), d)
        self.heard_at, self.key_at = nn.Embedding(HEARD_LEN, d), nn.Embedding(KEYS_LEN, d)
        self.core = nn.Transformer(d, heads, layers, layers, 2 * d, dropout=0.0, batch_first=True)
        self.out = nn.Linear(d, len(KEYS))

    def forward(self, heard, keys):
        silent = heard == 0
        before = nn.functional.pad(keys[:, :-1], (1, 0))
        ahead = torch.ones(KEYS_LEN, KEYS_LEN, dtype=torch.bool).triu(1)
        h = self.core(self.heard(heard) + self.heard_at.weight, self.keys(before) + self.key_at.weight, tgt_mask=ahead,
                      src_key_padding_mask=silent, memory_key_padding_mask=silent)
        return self.out(h)


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--d", type=int, default=32)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--layers", type=int, default=3)
    p.add_argument("--lr", type=float, default=1.2e-2)
    p.add_argument("--beta2", type=float, default=0.98)
    p.add_argument("--warmup", type=int, default=0, help="steps of linear increase of the rate")
    p.add_argument("--clip", type=float, default=0.0)
    p.add_argument("--optimizer", choices=("adam", "adamw"), default="adam")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--steps", type=int, default=180)
    p.add_argument("--cues", type=int, default=1200)
    p.add_argument("--seed", type=int, default=64)
    return p.parse_args()


def main():
    o = options()
    torch.manual_seed(o.seed)
    heard, keys = cues(o.cues, o.seed)
    dev_heard, dev_keys = cues(150, o.seed + 9000)
    model = CueTransformer(o.d, o.heads, o.layers)
    kind = torch.optim.Adam if o.optimizer == "adam" else torch.optim.AdamW
    optimizer = kind(model.parameters(), lr=o.lr, betas=(0.9, o.beta2), eps=1e-9)
    ramp = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / max(1, o.warmup)) * (1 - 0.8 * s / o.steps))
    print("options  " + "  ".join(f"{k}={v}" for k, v in sorted(vars(o).items())))
    print(f"model    {sum(p.numel() for p in model.parameters())} parameters in {len(list(model.parameters()))} tensors")
    started = time.perf_counter()
    for step in range(1, o.steps + 1):
        rows = torch.randint(len(heard), (o.batch,))
        loss = nn.functional.cross_entropy(model(heard[rows], keys[rows]).flatten(0, 1), keys[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), o.clip or float("inf"))
        optimizer.step()
        ramp.step()
        if step <= 10 or step % 15 == 0:
            print(f"{step:5d}   loss {loss.item():7.4f}   gradient {norm.item():8.4f}   rate {ramp.get_last_lr()[0]:.5f}")
    model.eval()
    with torch.no_grad():
        right = (model(dev_heard, dev_keys).argmax(-1) == dev_keys).float().mean().item()
    print(f"desk commands right on {len(dev_keys)} other cues: {right:.3f}   ({o.steps} steps, {time.perf_counter() - started:.0f} s)")
    torch.save({"shape": (o.d, o.heads, o.layers), "weights": model.state_dict()}, "desk.pt")


if __name__ == "__main__":
    main()
