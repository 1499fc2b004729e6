import json
import math

import numpy as np
import torch

from river_lm import RiverLM

saved = torch.load("runs/kessel/river.pt", weights_only=False)
s = saved["settings"]
model = RiverLM(s["levels"], s["embed"], s["hidden"], s["layers"], s["dropout"])
model.load_state_dict(saved["state"])
model.float().eval()

rng = np.random.default_rng(80123)
stage, h, inflow = np.empty(2000), 1.0, 0.0
for t in range(len(stage)):
    if rng.random() < 0.02:
        inflow += rng.gamma(2.0, 0.25)
    h += 0.25 * inflow - 0.04 * (h - 0.6)
    inflow *= 0.75
    stage[t] = h + 0.01 * rng.standard_normal()
# The levels are part of the task: an own reference record cut at the model's edges must spread over them.
levels = np.digitize(stage, saved["edges"])
rows = torch.from_numpy(np.stack([levels[a : a + 49] for a in range(0, 1900, 48)]))
with torch.no_grad():
    logp = torch.log_softmax(model(rows[:, :-1]).float(), -1)
nll = -logp.gather(2, rows[:, 1:, None]).mean().item()
print(json.dumps({"fresh_perplexity": math.exp(nll), "levels_used": len(set(levels.tolist()))}))
