"""Accuracy of the saved model on notes made for this check."""

import json

import torch
from bert import NoteBert
from notes import make_notes

saved = torch.load("note_bert.pt")
model = NoteBert(saved["hidden"])
model.load_state_dict(saved["state"])
model.eval()
ids, mask, queue = make_notes(1500, torch.Generator().manual_seed(777_666))
with torch.no_grad():
    accuracy = (model(ids, mask)[0].argmax(1) == queue).float().mean().item()
print(json.dumps({"accuracy": accuracy}))
