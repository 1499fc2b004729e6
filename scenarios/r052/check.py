"""Accuracy on newly drawn calls, and of the most frequent species alone."""
import json
from pathlib import Path

import numpy as np
import torch

from calls import record
from net import CallNet

config = json.loads(Path("config.json").read_text())
saved = torch.load(f"{config['run']}.pt")
net = CallNet(len(config["species"]), config["width"])
net.load_state_dict(saved["net"])
net.eval()
x, y = record(config["species"], 1200, config["noise"], np.random.default_rng(77001))
with torch.no_grad():
    guess = net((torch.from_numpy(x) - saved["mean"]) / saved["std"]).argmax(1).numpy()
majority = np.bincount(y).max() / len(y)
recall = min(float((guess[y == k] == k).mean()) for k in range(len(config["species"])))
accuracy = float((guess == y).mean())
print(json.dumps({"accuracy": accuracy, "above_majority": accuracy - majority, "lowest_recall": recall}))
