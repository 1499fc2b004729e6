import json

import numpy as np
import torch

from layers import GrainNet

SIDE = 24
yy, xx = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2


def outline(kind, cx, cy, radius, angle):
    x, y = xx - cx, yy - cy
    r, phi = np.hypot(x, y), np.arctan2(y, x) + angle
    if kind == 0:
        edge = radius * (1 + 0.3 * np.cos(3 * phi))
    elif kind == 1:
        edge = radius / np.sqrt(np.cos(phi) ** 2 + 3.5 * np.sin(phi) ** 2) * 1.35
    elif kind == 2:
        edge = radius + 0 * phi
    elif kind == 3:
        edge = radius + 0 * phi
    else:
        edge = radius / np.maximum(abs(np.cos(phi)), abs(np.sin(phi))) * 0.88
    body = 1 / (1 + np.exp((r - edge) / 0.4))
    return body - 0.9 / (1 + np.exp((r - 0.5 * edge) / 0.4)) if kind == 3 else body


rng = np.random.default_rng(771)
y = rng.integers(0, 5, 500)
x = np.empty((500, 1, SIDE, SIDE), np.float32)
for i, kind in enumerate(y):
    cx, cy = rng.uniform(-5, 5, 2)
    x[i, 0] = outline(kind, cx, cy, rng.uniform(5.0, 6.5), rng.uniform(-0.4, 0.4)) - 0.25
    x[i, 0] += 0.15 * rng.standard_normal((SIDE, SIDE))
saved = torch.load("results/grains.pt")
net = GrainNet(5, saved["width"])
net.load_state_dict(saved["weights"])
net.eval()
with torch.no_grad():
    hits = (net(torch.from_numpy(x)).argmax(1).numpy() == y).mean()
print(json.dumps({"scanner_accuracy": float(hits)}))
