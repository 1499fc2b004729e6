import json
import random

import torch

from seq2seq import Lemmatizer

LETTERS, VOWELS = "abcdefghijklmnop", "aeio"
CONSONANTS = [c for c in LETTERS if c not in VOWELS]
SUFFIX = {"an": "ek", "el": "io", "ob": "am", "ik": "ol"}
rng = random.Random(424242)
source, target = [], []
for _ in range(500):
    stem = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(3)) + rng.choice(CONSONANTS)
    ending = rng.choice(sorted(SUFFIX))
    source.append([3 + LETTERS.index(c) for c in stem[1] + stem + stem[-1] + ending] + [2])
    target.append([3 + LETTERS.index(c) for c in stem + SUFFIX[ending]] + [2])
source, target = torch.tensor(source), torch.tensor(target)
saved = torch.load("run/model_last.pt")
weights = saved["model"]
width = weights["symbols.weight"].size(1)
layers = len({k.split(".")[3] for k in weights if k.startswith("core.encoder.layers.")})
model = Lemmatizer(19, width, layers=layers)
model.load_state_dict(weights)
model.eval()
inputs = torch.cat([torch.ones(500, 1, dtype=torch.long), target[:, :-1]], 1)
with torch.no_grad():
    logp = model(source, inputs).log_softmax(-1)[:, :9]
# One letter in eight of the training targets is replaced by any of the sixteen: the distribution to be learned.
truth = torch.zeros_like(logp)
truth[..., 3:] = 0.12 / 16
truth.scatter_add_(2, target[:, :9, None], torch.full((500, 9, 1), 0.88))
divergence = (torch.special.xlogy(truth, truth) - truth * logp).sum(-1).mean().item()
words = (model.decode(source, 10) == target).all(1).float().mean().item()
print(json.dumps({"fresh_words": words, "fresh_divergence": divergence, "updates": saved["updates"]}))
