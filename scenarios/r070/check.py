"""Names fresh swatches, drawn here, with the saved network."""

import json
import pathlib

import numpy as np
import torch
from knitnet import KnitNet

NAMES = ["stockinette", "garter", "rib1x1", "rib2x2", "seed", "basket", "cable", "eyelet"]


def swatch(kind, rng, size=20):
    r, c = np.mgrid[:size, :size].astype(np.float32)
    r, c = r + rng.integers(0, 12), c + rng.integers(0, 12)
    tension = rng.uniform(0.9, 1.1)
    r, c = r * tension, c * tension
    if kind == 0:
        image = (np.abs(c % 4 - 2) + r) % 3 < 1.4
    elif kind == 1:
        image = r % 4 < 2
    elif kind == 2:
        image = c % 4 < 2
    elif kind == 3:
        image = c % 8 < 4
    elif kind == 4:
        image = (r // 2 + c // 2) % 2 < 1
    elif kind == 5:
        image = (r // 5 + c // 5) % 2 < 1
    elif kind == 6:
        image = (r + 4 * np.sin(c * 0.8)) % 7 < 3
    else:
        image = (r % 6 - 3) ** 2 + (c % 6 - 3) ** 2 < 4
    light = rng.uniform(0.6, 1.0)
    return light * image + rng.normal(0, 0.2, (size, size))


settings = json.loads(pathlib.Path("results/settings.json").read_text())
rng = np.random.default_rng(4_410_923)
labels = np.arange(480) % len(NAMES)
images = np.stack([swatch(kind, rng) for kind in labels]).astype(np.float32)
images = (images - images.mean()) / images.std()
model = KnitNet(len(NAMES), settings["width"], settings["norm"])
model.load_state_dict(torch.load("results/knitnet.pt"))
model.eval()
with torch.no_grad():
    said = model(torch.from_numpy(images[:, None])).argmax(1).numpy()
print(json.dumps({"accuracy": (said == labels).mean()}))
