"""One pass over the archive, one batch per station and month.

    python train.py --out runs/pass1
"""
import argparse
import csv
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn

from gauges import Network
from model import FlowTransformer

p = argparse.ArgumentParser()
p.add_argument("--stations", type=int, default=320)
p.add_argument("--weirs", type=int, default=4)
p.add_argument("--windows", type=int, default=24, help="windows per station, that is the batch size")
p.add_argument("--hours", type=int, default=30)
p.add_argument("--d-model", type=int, default=32)
p.add_argument("--layers", type=int, default=2)
p.add_argument("--lr", type=float, default=3e-3)
p.add_argument("--weight-decay", type=float, default=0.01)
p.add_argument("--warmup", type=int, default=20)
p.add_argument("--clip", type=float, default=0.5)
p.add_argument("--seed", type=int, default=4)
p.add_argument("--out", default="runs/pass1")
args = p.parse_args()

torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)
out = Path(args.out)
out.mkdir(parents=True, exist_ok=True)
(out / "args.json").write_text(json.dumps(vars(args), indent=1))

network = Network(args.stations, args.hours, args.weirs, rng)
order = rng.permutation(args.stations)
held_out, order = order[:16], order[16:]
val = torch.from_numpy(np.concatenate([network.series(s, 8) for s in held_out if not network.weir[s]]))

model = FlowTransformer(args.hours, args.d_model, layers=args.layers)
decay = [q for q in model.parameters() if q.dim() > 1]
rest = [q for q in model.parameters() if q.dim() <= 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": args.weight_decay},
                               {"params": rest, "weight_decay": 0.0}], lr=args.lr)
total = len(order)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda i: min(1.0, (i + 1) / args.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * i / total))))
print(f"{args.stations} stations ({len(held_out)} held out, {args.weirs} below weirs), {args.windows} windows of {args.hours} h "
      f"each; {sum(q.numel() for q in model.parameters())} parameters")


def validate():
    model.eval()
    with torch.no_grad():
        error = (model(val[..., 0], val[..., 1]) - val[:, 1:, 1]).square().mean().item()
    model.train()
    still = (val[:, 1:, 1] - val[:, :-1, 1]).square().mean().item()
    return error, 1 - error / still


with open(out / "steps.csv", "w", newline="") as f:
    table = csv.writer(f)
    table.writerow(["step", "station", "loss", "grad_norm", "lr"])
    for step, station in enumerate(order, start=1):
        x = torch.from_numpy(network.series(station, args.windows))
        prediction = model(x[..., 0], x[..., 1])
        loss = nn.functional.mse_loss(prediction, x[:, 1:, 1])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        lr = optimizer.param_groups[0]["lr"]
        schedule.step()
        table.writerow([step, network.names[station], f"{loss.item():.6f}", f"{norm.item():.4f}", f"{lr:.2e}"])
        if step % 10 == 0 or loss.item() > 1:
            print(f"[{step:4d}/{total}] {network.names[station]}  mse {loss.item():9.5f}  |g| {norm.item():9.4f}  lr {lr:.2e}")
        if step % 100 == 0 or step == total:
            mse, skill = validate()
            print(f"  val mse {mse:.5f}  skill over persistence {skill:.3f}")

torch.save({"model": model.state_dict(), "args": vars(args)}, out / "last.pt")
print(f"saved {out}/last.pt")
