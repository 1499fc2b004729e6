"""Exact shelf marks on cards written anew, of ordinary length."""
import json

import catalogue
import torch
from t5small import T5

saved = torch.load("t5.pt", map_location="cpu")
model = T5(layers=saved["args"]["layers"])
model.load_state_dict(saved["model"])
model.eval()
catalogue.write_cards("cards.check.jsonl", 300, 77001, start=50000)
cards = catalogue.read_cards("cards.check.jsonl")
width = max(len(t) for t, _ in cards)
source = torch.tensor([t + [catalogue.PAD] * (width - len(t)) for t, _ in cards])
exact = (model.generate(source) == torch.tensor([m for _, m in cards])).all(1).float().mean().item()
print(json.dumps({"exact": exact}))
