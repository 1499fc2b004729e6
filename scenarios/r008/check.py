"""Accuracy of the saved ranker on lists drawn anew."""
import json
from pathlib import Path

import torch
from train_sort import Config, Ranker, accuracy, batch

cfg = Config(**json.loads(Path("out/config.json").read_text()))
model = Ranker(cfg)
model.load_state_dict(torch.load("out/ranker.pt"))
_, right = accuracy(model, batch(cfg, torch.Generator().manual_seed(90210), 4000))
print(json.dumps({"accuracy": right}))
