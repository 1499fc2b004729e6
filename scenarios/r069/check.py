"""Accuracy of the averaged weights, in float32, on wings drawn anew."""
import json
from pathlib import Path

import torch
from moths import SPECIES, wings
from vit import ViT

cfg = json.loads(Path("run0/config.json").read_text())
model = ViT(len(SPECIES), dim=cfg["dim"], depth=cfg["depth"])
model.load_state_dict(torch.load("run0/ema.pt", map_location="cpu"))
model.eval()
images, labels = wings(600, 123_456_789)
with torch.no_grad():
    right = (model(images).argmax(-1) == labels).float().mean().item()
print(json.dumps({"accuracy": right}))
