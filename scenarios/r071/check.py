"""Perplexity on newly written patterns, beside counts of single tokens and of pairs."""
import json
import math

import numpy as np
import torch

from lm import PatternLSTM
from patterns import TOKENS, book

saved = torch.load("ckpt/last.pt", weights_only=False)
args = saved["args"]
model = PatternLSTM(len(TOKENS), hidden=args["hidden"], layers=args["layers"])
model.load_state_dict(saved["model"])
model.eval()
fresh = torch.tensor(book(778899, 6000)).view(10, -1)
with torch.no_grad():
    logits, _ = model(fresh[:, :-1])
loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), fresh[:, 1:].flatten()).item()

pairs = np.full((len(TOKENS), len(TOKENS)), 0.1)
known = book(5, 30000)
np.add.at(pairs, (known[:-1], known[1:]), 1)
pairs /= pairs.sum(1, keepdims=True)
rows = fresh.numpy()
bigram = -np.log(pairs[rows[:, :-1], rows[:, 1:]]).mean()
print(json.dumps({"perplexity": math.exp(loss), "share_of_bigram_loss": loss / float(bigram), "bigram_perplexity": math.exp(bigram)}))
