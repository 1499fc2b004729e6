"""Generated against newly measured holes: precision, coverage and distance, beside a single normal distribution."""
import json

import numpy as np
import torch

from flange_gan import Flange, Settings, coverage, mlp

saved = torch.load("flange_g.pt")
flange = Flange(Settings())
weights = saved["generator"]
generator = mlp(weights["0.weight"].shape[1], weights["0.weight"].shape[0], 2)
generator.load_state_dict(weights)
rng = np.random.default_rng(60601)
real = flange.measure(3000, rng)
with torch.no_grad():
    made = generator(torch.randn(3000, weights["0.weight"].shape[1], generator=torch.Generator().manual_seed(8))).numpy()
made = made * saved["scale"]
plain = rng.multivariate_normal(real.mean(0), np.cov(real.T), 3000)
directions = rng.normal(size=(2, 40))
directions /= np.linalg.norm(directions, axis=0)


def sliced(a, b):
    """Mean one-dimensional Wasserstein distance over directions, mm."""
    return float(np.abs(np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0)).mean())


near, least = coverage(made, flange)
print(json.dumps({
    "near_a_hole": float(near), "least_share": float(least) * flange.s.holes,
    "distance_over_plain_normal": sliced(made, real) / sliced(plain, real), "plain_near_a_hole": float(coverage(plain, flange)[0]),
}))
