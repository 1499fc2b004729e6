"""Accuracy on newly drawn settings of the same stairwell, of the kind that training never shows."""
import json

import torch

from stairwell import SwitchTransformer, records, wiring

saved = torch.load("exp01/model.pth")
a = saved["args"]
model = SwitchTransformer(a["switches"], a["d"], a["heads"], a["layers"], a["ff"])
model.load_state_dict(saved["state"])
model.eval()
wires = wiring(a["switches"], a["wired"], a["seed"])
x, y = records(4000, a["switches"], wires, torch.Generator().manual_seed(311311), "test")
with torch.no_grad():
    accuracy = (model(x).argmax(1) == y).float().mean().item()
majority = max(y.float().mean().item(), 1 - y.float().mean().item())
print(json.dumps({"accuracy": accuracy, "above_majority": accuracy - majority}))
