"""Accuracy on passages of its own, put into batches as the project does it."""

import json

import torch
from network import TrainClassifier
from torch.utils.data import DataLoader
from tracks import AXLES, CLASSES, Passages, collate

saved = torch.load("net.pt")
net = TrainClassifier(len(AXLES) + 1, len(CLASSES), saved["dim"], layers=saved["layers"])
net.load_state_dict(saved["net"])
net.eval()
right = []
with torch.no_grad():
    for batch in DataLoader(Passages(600, 5, 40, 313_000), 60, collate_fn=collate):
        right.append(net(batch["ids"], batch["mask"]).argmax(1) == batch["labels"])
print(json.dumps({"accuracy": torch.cat(right).float().mean().item()}))
