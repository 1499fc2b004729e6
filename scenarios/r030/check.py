"""Recall of both kinds of notes, on notes of its own."""

import json

import torch
from model import DistilEncoder, Vocabulary
from notes import LABELS, write_notes

saved = torch.load("runs/triage-distil-b64/model.pt")
config = saved["config"]
vocab = Vocabulary([])
vocab.ids = saved["words"]
model = DistilEncoder(len(vocab), len(LABELS), config["data"]["max_length"], **config["model"])
model.load_state_dict(saved["model"])
model.eval()

rows = write_notes(9000, seed=770_077)
kept = {label: [text for text, own in rows if own == label][:240] for label in (0, 1)}
recalls = {}
with torch.no_grad():
    for label, texts in kept.items():
        ids = torch.tensor([vocab.encode(text, config["data"]["max_length"]) for text in texts])
        recalls[f"recall_{LABELS[label]}"] = (model(ids).argmax(1) == label).float().mean().item()
print(json.dumps(recalls))
