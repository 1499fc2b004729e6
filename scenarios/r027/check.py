import json
import random

import torch

import field_notes as notes
from bert import NoteClassifier

assert len(notes.KEYWORDS) == 6 and all(len(set(k)) == 20 for k in notes.KEYWORDS)
rng = random.Random(343434)
x, y = [], []
for i in range(480):
    words = rng.sample(notes.KEYWORDS[i % 6], 5) + rng.sample(notes.GENERAL, 3)
    if rng.random() < 0.5:
        words[0] = rng.choice(rng.choice(notes.KEYWORDS))
    rng.shuffle(words)
    x.append([1] + [notes.INDEX[w] for w in words] + [2] + [0] * 2)
    y.append(i % 6)
saved = torch.load("ckpt/classifier.pt")
a = saved["args"]
model = NoteClassifier(len(notes.WORDS), 6, dim=a["dim"], layers=a["layers"])
model.load_state_dict(saved["model"])
model.eval()
x = torch.tensor([row[:12] for row in x])
with torch.no_grad():
    hits = (model(x).argmax(1) == torch.tensor(y)).float().mean().item()
print(json.dumps({"fresh_accuracy": hits}))
