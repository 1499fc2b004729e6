"""Error of the count per tray of the saved model on trays drawn for this check."""

import json

import torch
from counter import SproutCounter
from trays import DENSITY_SCALE, trays

saved = torch.load("counter.pt")
model = SproutCounter(saved["width"])
model.load_state_dict(saved["model"])
pictures, maps = trays(500, 6_006_001)
with torch.no_grad():
    counts = model(pictures).sum((1, 2, 3)) / DENSITY_SCALE
print(json.dumps({"mae": (counts - maps.sum((1, 2, 3))).abs().mean().item()}))
