import json
import math

import torch

from ssm import PitchSSM

g = torch.Generator().manual_seed(777123)
n, length = 400, 96
pitch = 0.03 + 0.22 * torch.rand(n, generator=g)
t = torch.arange(length, dtype=torch.float32)
level = 0.6 + 0.6 * torch.rand(n, 1, generator=g)
trace = level * torch.sin(2 * math.pi * (pitch[:, None] * t + torch.rand(n, 1, generator=g)))
trace = trace + 0.6 * torch.randn(n, length, generator=g)
saved = torch.load("whistle/last.pt")
a = saved["args"]
model = PitchSSM(a["channels"], a["states"], a["blocks"], a["dropout"])
model.load_state_dict(saved["model"])
model.eval()
with torch.no_grad():
    error = (0.14 + 0.064 * model(trace) - pitch).abs().mean().item()
print(json.dumps({"mae_milli": 1000 * error}))
