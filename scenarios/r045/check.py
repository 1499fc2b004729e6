"""Accuracy and loss on newly drawn grains."""
import json

import torch
import yaml

from twinning.data import KINDS, grains
from twinning.vit import ViT

with open("run.yaml") as f:
    hparams = yaml.safe_load(f)
net = ViT(len(KINDS), **hparams["model"])
net.load_state_dict(torch.load(hparams["out"] + "/vit.ckpt"))
net.eval()
x, y = grains(2000, torch.Generator().manual_seed(443322), grain_noise=0.9)
with torch.no_grad():
    logits = net(x)
accuracy = (logits.argmax(1) == y).float().mean().item()
recall = min((logits.argmax(1)[y == k] == k).float().mean().item() for k in range(len(KINDS)))
loss = torch.nn.functional.cross_entropy(logits, y).item()
print(json.dumps({"accuracy": accuracy, "above_chance": accuracy - 1 / len(KINDS), "lowest_recall": recall, "loss": loss}))
