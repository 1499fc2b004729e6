"""Share of fresh bulletins whose whole code the saved model writes without a slip."""

import json
import random

import bulletins
import torch
from t5 import TinyT5

saved = torch.load("runs/bulletin-t5/last.pt")
model = TinyT5(len(bulletins.SOURCE), len(bulletins.TARGET), **saved["model"])
model.load_state_dict(saved["weights"])
model.eval()
rng = random.Random(880_017)
pairs = [bulletins.encode(*bulletins.bulletin(rng)) for _ in range(600)]
source, target = torch.tensor([s for s, _ in pairs]), torch.tensor([t for _, t in pairs])
exact = (model.generate(source, target.size(1)) == target).all(1).float().mean().item()
print(json.dumps({"exact": exact}))
