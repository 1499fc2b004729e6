"""Cross-entropy (nats per word) and accuracy of the saved model on a day book of its own."""

import json
import math
import random

import torch
from archive import entry
from lm import DayBookLM

saved = torch.load("results/lm.pt")
vocab, settings = saved["vocab"], saved["settings"]
model = DayBookLM(len(vocab), settings["embed"], settings["hidden"], settings["cell"])
model.load_state_dict(saved["state"])
model.eval()

rng = random.Random(660_066)
loss, right, words = 0.0, 0, 0
with torch.no_grad():
    for _ in range(120):
        ids = [vocab["<s>"], *(vocab.get(w, vocab["<unk>"]) for w in entry(rng).split()), vocab["</s>"]]
        logits, _ = model(torch.tensor([ids[:-1]]))
        for scores, target in zip(logits[0].log_softmax(-1), ids[1:], strict=True):
            known = target != vocab["<unk>"]
            # A word the vocabulary lacks costs as much as a guess among 200 words.
            loss += -scores[target].item() if known else math.log(200)
            right += int(known and scores.argmax().item() == target)
            words += 1
print(json.dumps({"loss": loss / words, "accuracy": right / words}))
