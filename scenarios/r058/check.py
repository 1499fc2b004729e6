"""Accuracy of the saved classifier on photographs drawn anew."""
import json

import numpy as np
import torch

import swatches
from train import build

saved = torch.load("checkpoint.pth", map_location="cpu")
model = build(saved["width"])
model.load_state_dict(saved["state_dict"])
model.eval()
photos, labels = swatches.draw(np.random.default_rng(987001), 400)
with torch.no_grad():
    right = (model(torch.from_numpy(photos)).argmax(1).numpy() == labels).mean()
print(json.dumps({"accuracy": float(right)}))
