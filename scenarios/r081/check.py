"""How many fresh call signs are read out right, word by word and as a whole."""

import json

import torch
from exchange import CHARACTERS, WORDS, pairs, to_ids
from speaker import Config, Speaker

saved = torch.load("speaker.pt")
config = Config(**saved["config"])
model = Speaker(config)
model.load_state_dict(saved["model"])
model.eval()
rows = pairs(150, 555_000)
source = torch.tensor([to_ids(sign, CHARACTERS, config.source_length) for sign, _ in rows])
whole = words = right = 0
for (_, truth), ids in zip(rows, model.say(source, 10).tolist(), strict=True):
    said = [WORDS[i] for i in ids[: ids.index(2)]] if 2 in ids else [WORDS[i] for i in ids]
    whole += said == truth
    words += len(truth)
    right += sum(a == b for a, b in zip(said, truth, strict=False))
print(json.dumps({"exact": whole / len(rows), "word_accuracy": right / words}))
