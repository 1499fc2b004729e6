"""Newly recorded cows: share of moments named rightly, the same less the share of the most frequent doing, the lowest
recall and the mean loss."""
import json

import torch

from collar import recordings
from s4d import Tagger

saved = torch.load("runs/collar_s4d/tagger.pt")
cfg = saved["cfg"]
model = Tagger(width=cfg["width"], layers=cfg["layers"], states=cfg["states"])
model.load_state_dict(saved["state"])
model.eval()
x, y = map(torch.from_numpy, recordings(300, 77120033))
with torch.no_grad():
    logits = model(x)
right = logits.argmax(-1) == y
accuracy = right.float().mean().item()
print(json.dumps({
    "accuracy": accuracy,
    "above_most_frequent": accuracy - (torch.bincount(y.flatten()).max() / y.numel()).item(),
    "lowest_recall": min(right[y == k].float().mean().item() for k in range(4)),
    "loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).item(),
}))
