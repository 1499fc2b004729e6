"""Accuracy of the saved network on windows of its own."""

import json

import torch
from net import DeepSeismoNet
from prints import CLASSES, windows

with open("results/plain8/hparams.json") as stream:
    hp = json.load(stream)
net = DeepSeismoNet(len(CLASSES), hp["width"], hp["depth"], hp["activation"], hp["batch_norm"])
net.load_state_dict(torch.load("results/plain8/net.pt"))
net.eval()
x, y = windows(1200, 4_040_404)
with torch.no_grad():
    accuracy = (net(x).argmax(1) == y).float().mean().item()
print(json.dumps({"accuracy": accuracy}))
