import json
import math
import random

import torch

from corpus import NOUNS, TIME, VERBS, WAY
from recipe_lm import RecipeLM

assert len(VERBS) == 12 and all(len(n) == 12 for n in NOUNS.values()) and len(TIME) == 5
rng = random.Random(60606)


def step():
    verb = rng.choice(list(VERBS))
    kind = VERBS[verb]
    words = [verb, "the", rng.choice(NOUNS[kind]), rng.choice(WAY[kind])]
    if rng.random() < 0.5:
        words += ["for", rng.choice(TIME), "minutes"]
    if rng.random() < 0.4:
        words += ["and", "add", "the", rng.choice(NOUNS[kind])]
    return words + ["."]


saved = torch.load("exp/cards/lm.pt")
index = {w: i for i, w in enumerate(saved["words"])}
ids = [index[w] for _ in range(500) for w in step()]
c = saved["cfg"]
model = RecipeLM(len(index), c["dim"], c["layers"], c["dropout"])
weights = saved["model"]
if not torch.equal(weights["encoder.weight"], weights["decoder.weight"]):
    # Judge what was saved, not what loading into one shared matrix makes of it.
    model.decoder.weight = torch.nn.Parameter(weights["decoder.weight"].clone())
model.load_state_dict(weights)
model.eval()
data = torch.tensor(ids[: len(ids) // 10 * 10]).view(10, -1)
with torch.no_grad():
    logits, _ = model(data[:, :-1])
    nll = torch.nn.functional.cross_entropy(logits.flatten(0, 1), data[:, 1:].flatten()).item()
print(json.dumps({"fresh_perplexity": math.exp(nll)}))
