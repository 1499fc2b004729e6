"""Amounts that the kept weights write down exactly, among those held out of training and a mix of others."""

import json
import random

import torch
from amounts import pair
from seq2seq import Seq2Seq

saved = torch.load("exp/ledger-07/best.pt")
model = Seq2Seq(**saved["model"])
model.load_state_dict(saved["weights"])
model.eval()
numbers = [*range(7, 1000, 11), *random.Random(505).sample(range(1000), 300)]
pairs = [pair(n) for n in numbers]
src, tgt = torch.tensor([s for s, _ in pairs]), torch.tensor([t for _, t in pairs])
print(json.dumps({"exact": (model.decode(src) == tgt).all(1).float().mean().item()}))
