"""Share of newly written notes that reach the right desk."""
import json
import random

import torch

from bert import MiniBert
from notes import DESKS, WordPiece, sample

saved = torch.load("router.pt")
args = saved["args"]
tokenizer = WordPiece([], args["max_length"])
tokenizer.words = saved["words"]
model = MiniBert(len(tokenizer.words), len(DESKS), args["max_length"], args["hidden"], args["layers"])
model.load_state_dict(saved["weights"])
model.eval()
texts, labels = sample(1500, random.Random(5150))
with torch.no_grad():
    guess = model(torch.tensor([tokenizer(t) for t in texts])).argmax(1)
labels = torch.tensor(labels)
accuracy = (guess == labels).float().mean().item()
majority = torch.bincount(labels).max().item() / len(labels)
print(json.dumps({"accuracy": accuracy, "above_majority": accuracy - majority}))
