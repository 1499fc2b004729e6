"""Trains the encoder on ten years of old letters with the clerk's keywords. Writes bert.pt."""
import os

import torch
import torch.nn.functional as F

from letters import NAMES, Vocab, collect
from minibert import Keywords, MiniBert

SEED = int(os.environ.get("SEED", 8))
STEPS, BATCH, LR = 140, 32, 3e-3

torch.manual_seed(SEED)
ids, keywords = map(torch.from_numpy, collect(4000, SEED))
model = Keywords(MiniBert(len(Vocab().words)), 3 * len(NAMES))
optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.01)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / 15, (STEPS - s) / STEPS))
loss_sum = hits = 0
for step in range(1, STEPS + 1):
    rows = torch.randint(len(ids), (BATCH,))
    logits = model(ids[rows])
    loss = F.cross_entropy(logits, keywords[rows])
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    loss_sum += loss.item()
    hits += (logits.argmax(-1) == keywords[rows]).sum().item()
    if step % 20 == 0:
        print(f"pretrain {step:4d}/{STEPS} loss {loss_sum / 20:.3f} keyword_acc {hits / 20 / BATCH:.3f}")
        loss_sum = hits = 0
torch.save(model.bert.state_dict(), "bert.pt")
