"""Accuracy of the saved weights on newly drawn plots."""
import json

import numpy as np
import torch

from seedlings import SPECIES, plots
from trainer import SeedlingNet

with open("results/drop35/config.json") as f:
    config = json.load(f)
net = SeedlingNet(config["width"], config["dropout"])
net.load_state_dict(torch.load("results/drop35/best.pt"))
net.eval()
x, y = plots(1500, np.random.default_rng(123454321))
with torch.no_grad():
    guess = net(x).argmax(1)
accuracy = (guess == y).float().mean().item()
recall = min((guess[y == k] == k).float().mean().item() for k in range(len(SPECIES)))
majority = torch.bincount(y).max().item() / len(y)
print(json.dumps({"accuracy": accuracy, "above_majority": accuracy - majority, "lowest_recall": recall}))
