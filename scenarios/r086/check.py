"""Names of its own, with and without marked vowels, pronounced by the saved model."""

import json
import random

import torch
from places import MARKED, SOUNDS, place
from pronounce import letter_ids
from t5 import SmallT5

saved = torch.load("pronounce.pt")
model = SmallT5(len(saved["letters"]) + 3, len(SOUNDS) + 2, saved["dim"], layers=saved["layers"])
model.load_state_dict(saved["model"])
model.eval()
rng = random.Random(909_090)
pairs = [place(rng) for _ in range(300)]
rows = model.speak(letter_ids([name for name, _ in pairs], saved["letters"], saved["length"])).tolist()
right = {True: [], False: []}
for (name, sounds), row in zip(pairs, rows, strict=True):
    said = row[: row.index(1)] if 1 in row else row
    right[any(c in MARKED for c in name)].append([i - 2 for i in said] == [SOUNDS.index(s) for s in sounds])
print(json.dumps({kind: sum(right[key]) / len(right[key]) for kind, key in (("marked", True), ("plain", False))}))
