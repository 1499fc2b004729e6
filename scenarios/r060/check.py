"""Sends fresh subject lines to the departments with the saved probe."""

import json

import torch
from letters import NAMES, Vocab, collect
from minibert import Department, MiniBert

model = Department(MiniBert(len(Vocab().words)), len(NAMES))
model.load_state_dict(torch.load("department.pt"))
model.eval()
ids, labels = map(torch.from_numpy, collect(600, 31_337_001))
labels = labels // 3
with torch.no_grad():
    said = model(ids).argmax(-1)
recalls = [(said[labels == k] == k).float().mean().item() for k in range(len(NAMES))]
print(json.dumps({"accuracy": (said == labels).float().mean().item(), "lowest_recall": min(recalls)}))
