import json

import numpy as np
import torch

import registers
from t5 import SmallT5

saved = torch.load("dates.pt")
words = registers.lexicon()
model = SmallT5(len(words), saved["width"], layers=saved["layers"])
model.load_state_dict(saved["model"])
model.eval()
rng = np.random.default_rng(4_711_003)
rows = [registers.entry(rng) for _ in range(500)]
source = torch.from_numpy(registers.to_rows([text for text, _ in rows], words, 8))
truth = torch.from_numpy(registers.to_rows([date for _, date in rows], words, 3))
said = torch.full((len(rows), 1), registers.START)
with torch.no_grad():
    for _ in range(3):
        said = torch.cat([said, model(source, said)[:, -1:].argmax(-1)], 1)
right = said[:, 1:] == truth
finite = all(torch.isfinite(p).all().item() for p in model.parameters())
print(json.dumps({"whole_dates": right.all(1).float().mean().item(), "finite": float(finite)}))
