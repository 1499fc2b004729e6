"""Share of desk commands that the saved model gets right on cues made for this check."""

import json

import torch
from cues import cues
from desk import CueTransformer

saved = torch.load("desk.pt")
model = CueTransformer(*saved["shape"])
model.load_state_dict(saved["weights"])
model.eval()
heard, keys = cues(500, 2_000_033)
with torch.no_grad():
    right = (model(heard, keys).argmax(-1) == keys).float().mean().item()
print(json.dumps({"commands": right}))
