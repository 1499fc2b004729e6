"""Accuracy of the saved classifier on lists that the script never sees."""

import json

import numpy as np
import torch
from encoder import PantryBert
from pantry import KITCHENS, sample_lists

state = torch.load("pantry_bert.pt")
layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
model = PantryBert(len(KITCHENS), width=state["words.weight"].shape[1], layers=layers)
model.load_state_dict(state)
model.eval()
ids, labels = sample_lists(2000, np.random.default_rng(990_001))
with torch.no_grad():
    accuracy = (model(ids).argmax(-1) == labels).float().mean().item()
print(json.dumps({"accuracy": accuracy}))
