"""Accuracy of the saved ViT on pictures drawn for this check."""

import json

import torch
from tiles import SURFACES, tiles
from vit import ViT

saved = torch.load("out/vit.pth")
model = ViT(len(SURFACES), dim=saved["dim"], depth=saved["depth"])
model.load_state_dict(saved["model"])
model.eval()
images, labels = tiles(1500, 31_337_555)
with torch.no_grad():
    accuracy = (model(images).argmax(1) == labels).float().mean().item()
print(json.dumps({"accuracy": accuracy}))
