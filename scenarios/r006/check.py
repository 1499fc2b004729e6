import json

import torch

from sigs import SOURCE, TARGET, SigLines
from t5 import TinyT5

saved = torch.load("output/sig/t5.pt", weights_only=True)
model = TinyT5(len(SOURCE), len(TARGET), saved["config"])
model.load_state_dict(saved["model"])
model.eval()
fresh = SigLines(250, 424207, 3, 50_000, 0.75)
pairs = [fresh[i] for i in range(len(fresh))]
source, gold = torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])
own = torch.zeros_like(gold)
with torch.no_grad():
    for t in range(gold.size(1)):
        own[:, t] = model(source, own)[:, t].argmax(-1)
print(json.dumps({"exact": (own == gold).all(1).float().mean().item()}))
