import json

import numpy as np
import torch

from ripplemodule import RippleModule

config = json.load(open("config.json"))
rng = np.random.default_rng(31337)
side = 16
v, u = np.mgrid[0:side, 0:side] / side


def crests(sector):
    azimuth = np.deg2rad(30 * sector + rng.uniform(-8, 8))
    along = u * np.cos(azimuth) + v * np.sin(azimuth)
    across = v * np.cos(azimuth) - u * np.sin(azimuth)
    waves = rng.uniform(2.5, 4.0)
    return np.sin(2 * np.pi * (waves * along + rng.random() + 0.1 * np.sin(5 * across)))


y = rng.integers(0, 6, 500)
x = np.stack([crests(k) for k in y])
x = torch.from_numpy((x + 0.9 * rng.standard_normal(x.shape)).astype(np.float32)).unsqueeze(1)
module = RippleModule(6, side, config["vit"], config["optimizer"], config["lr_schedule"])
module.load_state_dict(torch.load("logs/version_0/last.ckpt")["state_dict"])
module.eval()
with torch.no_grad():
    hits = (module.net(x).argmax(1).numpy() == y).mean()
print(json.dumps({"fresh_accuracy": float(hits)}))
