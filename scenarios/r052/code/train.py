import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import CyclicLR
from torch.utils.data import DataLoader, TensorDataset

from calls import record
from net import CallNet

C = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "config.json").read_text())
random.seed(C["seed"])
rng = np.random.default_rng(C["seed"])
torch.manual_seed(C["seed"])

x, y = record(C["species"], C["train_calls"], C["noise"], rng)
vx, vy = (torch.from_numpy(a) for a in record(C["species"], C["val_calls"], C["noise"], rng))
mean, std = float(x.mean()), float(x.std())
train = DataLoader(TensorDataset((torch.from_numpy(x) - mean) / std, torch.from_numpy(y)), C["batch_size"], shuffle=True,
                   drop_last=True)
vx = (vx - mean) / std
print("calls per species:", dict(zip(C["species"], np.bincount(y, minlength=len(C["species"])).tolist())))

net = CallNet(len(C["species"]), C["width"])
print(f"CallNet: {sum(p.numel() for p in net.parameters()):,} parameters, {len(train)} iterations per epoch")
opt = torch.optim.SGD(net.parameters(), C["base_lr"], momentum=C["momentum"], nesterov=C["nesterov"],
                      weight_decay=C["weight_decay"])
half = C["epochs_per_cycle"] * len(train) // 2
sched = CyclicLR(opt, C["base_lr"], C["max_lr"], step_size_up=half, mode="triangular", cycle_momentum=False)

log = open("iters.txt", "w")
it = 0
since = time.perf_counter()
for epoch in range(C["cycles"] * C["epochs_per_cycle"]):
    net.train()
    losses, hits = [], 0
    for xb, yb in train:
        xb = torch.roll(xb, random.randint(-4, 4), dims=3)
        out = net(xb)
        loss = F.cross_entropy(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        lr = sched.get_last_lr()[0]
        sched.step()
        it += 1
        losses.append(loss.item())
        hits += (out.argmax(1) == yb).sum().item()
        if it % 6 == 0:
            log.write(f"iter={it} lr={lr:.5f} loss={np.mean(losses[-6:]):.4f}\n")
    net.eval()
    with torch.no_grad():
        out = net(vx)
        vloss, vacc = F.cross_entropy(out, vy).item(), (out.argmax(1) == vy).float().mean().item()
    print(f"epoch {epoch + 1:2d} | lr {lr:.4f} | loss {np.mean(losses):.4f} acc {hits / (len(train) * C['batch_size']):.4f} "
          f"| val loss {vloss:.4f} acc {vacc:.4f} | {time.perf_counter() - since:.1f}s")
log.close()

torch.save({"net": net.state_dict(), "mean": mean, "std": std, "config": C}, f"{C['run']}.pt")
print("per species (val):")
for i, name in enumerate(C["species"]):
    print(f"  {name:12s} {(out.argmax(1)[vy == i] == i).float().mean().item():.3f}")
