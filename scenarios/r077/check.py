"""Perplexity of the saved model on notes that no run has drawn, rare words and all."""
import json
import math
import random

import torch
from opslm import corpus
from opslm.data import make_loader
from opslm.model import GRULanguageModel
from opslm.train import evaluate
from opslm.vocab import Vocab

saved = torch.load("opslm.pt", weights_only=False)
args = saved["args"]
notes = corpus.write_notes(args["notes"], args["seed"])
vocab = Vocab(notes[: len(notes) * 9 // 10], args["min_freq"])
rows = saved["model"]["embedding.weight"].shape[0]

# The same hosts and grammar as the run's notes, other draws of them.
rng = random.Random(args["seed"])
names, weights = corpus.host_names(rng, 120)
fresh_rng = random.Random(90210)
fresh = []
for _ in range(600):
    host = fresh_rng.choices(names, weights)[0]
    line = f"{fresh_rng.choice(corpus.ACTIONS)} {fresh_rng.choice(corpus.PARTS)} on {host} {fresh_rng.choice(corpus.REASONS)} ,"
    fresh.append(f"{line} {fresh_rng.choice(corpus.RESULTS)} .".split())
model = GRULanguageModel(rows, args["emb_dim"], args["hidden"], args["layers"], 0.0)
model.load_state_dict(saved["model"])
print(json.dumps({"perplexity": math.exp(evaluate(model, make_loader(fresh, vocab, 64, shuffle=False)))}))
