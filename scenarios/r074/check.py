import json

import numpy as np
import torch

from fit_votes import VoteMLP

table = np.random.default_rng(2007)
weights, pairs = 0.55 * table.standard_normal((12, 5)), 0.45 * table.standard_normal((6, 5))
x = np.random.default_rng(640).standard_normal((3000, 12))
score = x @ weights + (x[:, ::2] * x[:, 1::2]) @ pairs
truth = np.exp(score - score.max(1, keepdims=True))
truth /= truth.sum(1, keepdims=True)
saved = torch.load("runs/votes_mlp/model.pt")
c = saved["config"]
model = VoteMLP(c["hidden"], c["depth"], c["dropout"])
model.load_state_dict(saved["weights"])
model.eval()
with torch.no_grad():
    logp = model(torch.tensor(x, dtype=torch.float32)).log_softmax(-1).double().numpy()
kl = (truth * (np.log(truth) - logp)).sum(1).mean()
print(json.dumps({"divergence_from_truth": float(kl), "share_error": float(np.abs(np.exp(logp) - truth).mean())}))
