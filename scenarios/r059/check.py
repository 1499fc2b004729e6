"""Share of words of fresh lines that get their entry."""
import json

import torch
from distil import DistilTagger
from shiplog import lines

model = DistilTagger(**json.load(open("config.json"))["model"])
model.load_state_dict(torch.load("out/model.pt", map_location="cpu"))
model.eval()
words, tags = lines(300, 20, 606060)
with torch.no_grad():
    guess = model(words).argmax(-1)
known = tags != -100
print(json.dumps({"accuracy": (guess == tags)[known].float().mean().item()}))
