import json
import random

import torch

import menu
from distil import Reader

rng = random.Random(808)
courses = [(0, 5), (1, 6), (2, 7), (4, 3)]
assert len(menu.SHELVES) == 8 and all(len(s) == 7 for s in menu.SHELVES)
x, y = [], []
for _ in range(600):
    course = rng.randrange(4)
    words = [rng.choice(menu.SHELVES[s]) for s in rng.choices(courses[course], k=3) + [rng.randrange(8)]]
    words += rng.sample(menu.PLAIN, rng.randint(3, 5))
    rng.shuffle(words)
    ids = [menu.INDEX["[cls]"]] + [menu.INDEX[w] for w in words]
    x.append(ids + [0] * (13 - len(ids)))
    y.append(course)
saved = torch.load("saved/reader.pt")
model = Reader(len(menu.WORDS), 4, **saved["model"])
model.load_state_dict(saved["weights"])
model.eval()
with torch.no_grad():
    hits = (model(torch.tensor(x)).argmax(1) == torch.tensor(y)).float().mean().item()
print(json.dumps({"fresh_accuracy": hits}))
