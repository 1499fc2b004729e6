import json

import numpy as np
import torch

from net import CallNet


def patch(kind, rng, noise):
    t = np.linspace(0.0, 1.0, 48)
    band = np.arange(32)[:, None]
    base, spread = rng.uniform(11, 21), 1.3
    if kind == 0:
        centre = base + 4.0 * np.sin(2 * np.pi * rng.uniform(4, 6) * t + rng.uniform(0, 6))
    elif kind == 1:
        centre = base + rng.uniform(-0.5, 0.5) * t
    elif kind == 2:
        centre = base + rng.uniform(10, 15) * (t - 0.5)
    elif kind == 3:
        centre = base - rng.uniform(10, 15) * (t - 0.5)
    else:
        centre, spread = base + 0.0 * t, 6.0
    start = rng.uniform(0.0, 0.25)
    gate = (t > start) & (t < start + rng.uniform(0.5, 0.75))
    return np.exp(-0.5 * ((band - centre[None, :]) / spread) ** 2) * gate[None, :] + noise * rng.standard_normal((32, 48))


rng = np.random.default_rng(99401)
kinds = rng.integers(0, 5, 400)
x = np.stack([patch(k, rng, 0.3) for k in kinds]).astype(np.float32)
x = torch.from_numpy((x - x.mean()) / x.std()).unsqueeze(1)
saved = torch.load("runs/field/callnet.pt")
model = CallNet(**saved["config"])
model.load_state_dict(saved["model"])
model.eval()
with torch.no_grad():
    hits = (model(x).argmax(1).numpy() == kinds).mean()
print(json.dumps({"fresh_accuracy": float(hits)}))
