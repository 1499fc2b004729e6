"""Accuracy of the chosen model on notes of its own, and by how much the reported accuracy exceeds it."""

import json
from pathlib import Path

import torch
from encoder import Bert, encode
from records import notes

saved = torch.load("results/best.pt")
model = Bert(saved["args"]["dim"], layers=saved["args"]["layers"])
model.load_state_dict(saved["state"])
model.eval()
ids, labels = encode(notes(1200, 222_000), 16)
with torch.no_grad():
    fresh = (model(ids).argmax(1) == labels).float().mean().item()
reported = json.loads(Path("results/summary.json").read_text())["best"]["valid_accuracy"]
print(json.dumps({"accuracy": fresh, "overstated": reported - fresh}))
