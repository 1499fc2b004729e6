import argparse
import logging

import torch
from torch.nn import functional as F

from bert import NoteBert, agreement
from notes import QUEUES, make_notes

p = argparse.ArgumentParser(description="queue of a call-centre note; autocast + GradScaler")
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--optimizer", default="adam", choices=["adam", "adamw"])
p.add_argument("--batch", type=int, default=32)
p.add_argument("--steps", type=int, default=200)
p.add_argument("--hidden", type=int, default=32)
p.add_argument("--temperature", type=float, default=0.05)
p.add_argument("--alpha", type=float, default=0.1, help="weight of the contrastive term")
p.add_argument("--clip", type=float, default=1.0)
p.add_argument("--init-scale", type=float, default=2.0**16)
p.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True)
p.add_argument("--amp-dtype", default="float16", choices=["float16", "bfloat16"])
p.add_argument("--seed", type=int, default=101)
args = p.parse_args()

logging.basicConfig(level=logging.INFO, format="[%(name)s] %(message)s")
log = logging.getLogger("notes")
log.info("args: %s", args)
torch.manual_seed(args.seed)
gen = torch.Generator().manual_seed(args.seed)
train, dev = make_notes(2000, gen), make_notes(300, gen)
model = NoteBert(args.hidden)
optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[args.optimizer](model.parameters(), lr=args.lr)
dtype = getattr(torch, args.amp_dtype)
scaler = torch.amp.GradScaler("cpu", init_scale=args.init_scale, growth_interval=500, enabled=args.amp and dtype == torch.float16)
log.info("%d parameters, %d notes, %d queues", sum(q.numel() for q in model.parameters()), len(train[0]), len(QUEUES))

for step in range(1, args.steps + 1):
    pick = torch.randint(len(train[0]), (args.batch,), generator=gen)
    ids, mask, queue = (t[pick] for t in train)
    with torch.autocast("cpu", dtype=dtype, enabled=args.amp):
        logits, one = model(ids, mask)
        _, two = model(ids, mask)
        ce = F.cross_entropy(logits.float(), queue)
        con = agreement(one, two, args.temperature)
        loss = ce + args.alpha * con
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
    scaler.step(optimizer)
    scaler.update()
    if step % 10 == 0:
        log.info("step %3d  ce %.4f  con %.4f  scale %g", step, ce.item(), con.item(), scaler.get_scale())

model.eval()
with torch.no_grad():
    logits, _ = model(dev[0], dev[1])
log.info("dev: ce %.4f accuracy %.3f", F.cross_entropy(logits, dev[2]).item(), (logits.argmax(1) == dev[2]).float().mean().item())
torch.save({"hidden": args.hidden, "state": model.state_dict()}, "note_bert.pt")
