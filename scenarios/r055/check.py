"""Newly drawn scans, cropped in the middle: accuracy, the gain over chance and the lowest recall; and whether the
resident memory that the run itself wrote down stayed as it was after the second epoch."""
import csv
import json

import numpy as np
import torch

from main import GrainNet
from xylem import SIDE, SPECIES, draw

saved = torch.load("results/grainnet.pt")
model = GrainNet(saved["config"]["model"]["width"], len(SPECIES))
model.load_state_dict(saved["model"])
model.eval()
rng = np.random.default_rng(818283)
kinds = np.arange(480) % len(SPECIES)
scans = np.stack([draw(k, rng) for k in kinds]).astype(np.float32) / 255
scans = (scans - scans.mean((1, 2), keepdims=True)) / scans.std((1, 2), keepdims=True)
at = (SIDE - 48) // 2
x = torch.from_numpy(scans[:, None, at:at + 48, at:at + 48].copy())
with torch.no_grad():
    right = (model(x).argmax(1).numpy() == kinds)
rows = list(csv.DictReader(open("results/steps.csv")))
late = [float(row["rss_mib"]) for row in rows if int(row["epoch"]) >= 2]
print(json.dumps({"accuracy": float(right.mean()), "above_chance": float(right.mean()) - 1 / len(SPECIES),
                  "lowest_recall": min(float(right[kinds == k].mean()) for k in range(len(SPECIES))),
                  "late_growth_mib": late[-1] - late[0]}))
