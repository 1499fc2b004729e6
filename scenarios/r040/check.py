"""Share of fresh cards of the longest kind, and of the shortest, that become exactly the list they should."""

import json
import random
from pathlib import Path

import torch
from grammar import CARD_LENGTH, WORDS, LEVELS, LIST_LENGTH, batch
from seq2seq import Seq2Seq

config = json.loads(Path("train.json").read_text())
model = Seq2Seq(len(WORDS), CARD_LENGTH, LIST_LENGTH, **config["model"])
model.load_state_dict(torch.load("lister.pt"))
model.eval()
found = {}
for name, level in (("longest", LEVELS[-1]), ("shortest", LEVELS[0])):
    source, target = map(torch.tensor, batch(random.Random(424_242), 150, level))
    said = model.decode(source, LIST_LENGTH)
    found[name] = ((said == target) | (target == 0)).all(1).float().mean().item()
print(json.dumps(found))
