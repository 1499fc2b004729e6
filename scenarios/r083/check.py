"""Skill over persistence on stations of another network, none below a weir."""
import json

import numpy as np
import torch

from gauges import Network
from model import FlowTransformer

saved = torch.load("runs/pass1/last.pt")
args = saved["args"]
model = FlowTransformer(args["hours"], args["d_model"], layers=args["layers"])
model.load_state_dict(saved["model"])
model.eval()
network = Network(40, args["hours"], 0, np.random.default_rng(90210))
x = torch.from_numpy(np.concatenate([network.series(s, 20) for s in range(40)]))
with torch.no_grad():
    prediction = model(x[..., 0], x[..., 1])
error = (prediction - x[:, 1:, 1]).square().mean().item()
persistence = (x[:, 1:, 1] - x[:, :-1, 1]).square().mean().item()
variance = x[:, 1:, 1].var().item()
print(json.dumps({"skill_over_persistence": 1 - error / persistence, "explained_variance": 1 - error / variance}))
