"""Perplexity of the saved model and the names it gets right on calls made for this check."""

import json
import math

import torch
import torch.nn.functional as F
from gate_log import BOATS, SKIPPER, text, vocabulary
from model import WordLSTM

saved = torch.load("lstm.ckpt")
vocab = vocabulary()
cfg = saved["config"]
model = WordLSTM(len(vocab), cfg["size"], cfg["layers"], cfg["norm"])
model.load_state_dict(saved["model"])
ids = torch.tensor([vocab[w] for w in text(240, 5_550_123)]).view(8, -1)
with torch.no_grad():
    logits, _ = model(ids[:, :-1])
loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item()
target = ids[:, 1:]
names = torch.tensor([vocab[name] for name in (*BOATS, *SKIPPER.values())])
# After "from" any boat may come; a skipper follows from the boat, and the boat that answers is the one that called.
asked = torch.isin(target, names) & (ids[:, :-1] != vocab["from"])
right = (logits.argmax(-1) == target)[asked].float().mean().item()
print(json.dumps({"perplexity": math.exp(loss), "names": right}))
