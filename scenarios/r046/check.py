import json

import numpy as np
import torch

import lexicon
from glosser import Glosser

assert len(lexicon.LEXICON) == 48
rng = np.random.default_rng(202020)
forms = list(lexicon.LEXICON)
saved = torch.load("checkpoints/glosser.pt")
a = saved["args"]
words, n = a["words"], 250
glosses = rng.integers(0, 48, (n, words))
chars, word_of = np.ones((n, 4 * words), int), np.full((n, 4 * words), -1)
for i in range(n):
    for w in range(words):
        chars[i, 4 * w : 4 * w + 3] = ["abcdefghijkl".index(c) + 2 for c in forms[glosses[i, w]]]
        word_of[i, 4 * w : 4 * w + 3] = w
model = Glosser(14, 49, a["dim"], encoder_layers=a["encoder_layers"])
model.load_state_dict(saved["weights"])
model.eval()
chars, word_of, glosses = map(torch.from_numpy, (chars, word_of, glosses))
previous = torch.full((n, words), 48)
with torch.no_grad():
    for w in range(words):
        guess = model(chars, word_of, previous).argmax(-1)
        if w + 1 < words:
            previous[:, w + 1] = guess[:, w]
print(json.dumps({"fresh_glosses_right": (guess == glosses).float().mean().item()}))
