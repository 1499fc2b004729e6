import json

import numpy as np
import torch

from model import Transcriber
from recordings import OFFSET, PER_PHRASE, Phrases

weights = torch.load("exp/transcriber.pt")
model = Transcriber(weights["front.weight"].shape[0], layers=len({k for k in weights if k.endswith("self_attn.in_proj_bias")}) // 2)
model.load_state_dict(weights)
model.eval()
phrases = Phrases(200, seed=90210, keep=8)
sounds = torch.from_numpy(np.stack([phrases.render(i) for i in range(phrases.count)]))
truth = torch.from_numpy(np.stack([phrases.syllables(i) for i in range(phrases.count)])) + OFFSET
heard = model.transcribe(sounds)
assert heard.shape == (phrases.count, PER_PHRASE)
right = heard == truth
print(json.dumps({"syllable_accuracy": right.float().mean().item(), "whole_phrases": right.all(1).float().mean().item()}))
