"""Perplexity of the saved model on bulletins drawn anew from the same stations."""
import json
import math

import torch
import torch.nn.functional as F
from bulletins import corpus
from lm import GRULM

saved = torch.load("bulletin-lm.pt", map_location="cpu")
model = GRULM(layers=saved["layers"])
model.load_state_dict(saved["model"])
model.eval()
nll, words = 0.0, 0
with torch.no_grad():
    for text in corpus(40, 31337):
        x = torch.from_numpy(text)[None]
        nll += F.cross_entropy(model(x[:, :-1])[0], x[0, 1:], reduction="sum").item()
        words += len(text) - 1
print(json.dumps({"perplexity": math.exp(nll / words)}))
