"""Reads fresh reports with the saved model, encoded by the project's own tokenizer as its config sets it."""

import json

import numpy as np
import torch
from bert import Bert
from reports import WordTokenizer

LABELS = ["release", "retest", "dry", "destroy"]
CLOSING = {
    "release": ["lot may be sold", "lot is free to go", "cleared for sale"],
    "retest": ["draw a second sample", "lab to look again", "sample once more"],
    "dry": ["lot goes to the drier", "send to drying", "dry at low heat"],
    "destroy": ["lot to be burned", "must not leave the site", "burn and disinfect"],
}
CROPS = ["barley", "rye", "oats", "lupin", "flax", "clover", "mustard", "beet"]
WHERE = ["bay {n}", "silo {n}", "rack {n}", "hall {n} north", "hall {n} south"]
FINDS = [
    "moisture {n} percent",
    "sieve fraction {n}",
    "{n} grains of weed seed",
    "temperature {n} degrees",
    "smell neutral",
    "colour even",
    "bag seams tight",
    "label legible",
    "{n} bags counted",
    "some dust at the chute",
    "scale checked",
    "germ count {n} on paper",
    "no insects seen",
    "pallet dry",
]


def report(rng):
    """One report (words in lower case) and its label."""
    label = LABELS[rng.integers(len(LABELS))]
    number = lambda text: text.format(n=rng.integers(1, 20))
    parts = [f"{rng.choice(CROPS)} in {number(rng.choice(WHERE))}"]
    parts += [number(rng.choice(FINDS)) for _ in range(rng.integers(2, 9))]
    parts.append(rng.choice(CLOSING[label]))
    return " ; ".join(parts), LABELS.index(label)


def corpus(count, rng):
    texts, labels = zip(*(report(rng) for _ in range(count)))
    return list(texts), np.array(labels)


saved = torch.load("runs/seed_lots/model.pt", weights_only=False)
cfg = saved["config"]
tokenizer = WordTokenizer(vocab=saved["vocab"], max_length=cfg["data"]["max_length"])
model = Bert(len(saved["vocab"]), classes=len(LABELS), **cfg["model"])
model.load_state_dict(saved["model"])
model.eval()
texts, labels = corpus(400, np.random.default_rng(880_401))
with torch.no_grad():
    said = model(*map(torch.from_numpy, tokenizer(texts))).argmax(1).numpy()
recalls = [(said[labels == k] == k).mean() for k in range(len(LABELS))]
print(json.dumps({"accuracy": (said == labels).mean(), "lowest_recall": min(recalls)}))
