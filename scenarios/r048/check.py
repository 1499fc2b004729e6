"""Perplexity of the saved model on fresh recipe steps, and how often its next piece is one that the grammar allows."""

import json
import math
import random

import torch
from recipes import THINGS, Pieces, step
from torch.nn.functional import cross_entropy
from train_lm import RNNModel

saved = torch.load("model.pt", weights_only=False)
a = saved["args"]
pieces = Pieces()
model = RNNModel(a["model"], pieces.size, a["emsize"], a["nlayers"], 0.0)
model.load_state_dict(saved["model"])
model.eval()
rng = random.Random(61_005_777)
losses, right = [], []
things = {pieces.ids[word] for word in THINGS}
with torch.no_grad():
    ids = torch.tensor([i for _ in range(400) for i in pieces.encode(step(rng))])
    logits = model(ids[None, :-1])[0]
    loss = cross_entropy(logits, ids[1:]).item()
    # After "add the" comes a thing: most of the model's mass has to lie on the sixteen things.
    add, the = pieces.ids["add"], pieces.ids["the"]
    after = [i for i in range(1, len(ids) - 1) if ids[i - 1] == add and ids[i] == the]
    mass = logits[after].softmax(-1)[:, sorted(things)].sum(-1).mean().item()
print(json.dumps({"perplexity": math.exp(loss), "mass_on_things": mass}))
