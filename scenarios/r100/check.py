"""Predicts the outcome of fresh orders from what is known when they leave, with the features that the model takes."""

import json

import numpy as np
import torch
from returns import ReturnsNet

rng = np.random.default_rng(52_600_019)
n = 1500
f = {
    "price_eur": rng.lognormal(4.4, 0.4, n),
    "discount_pct": rng.choice([0, 10, 20, 40], n, p=[0.5, 0.2, 0.2, 0.1]),
    "pairs": rng.integers(1, 5, n),
    "sizes_in_basket": 1 + rng.binomial(2, 0.35, n),
    "prior_orders": rng.poisson(3, n),
    "basket_min": rng.gamma(2, 6, n),
    "night_order": rng.random(n) < 0.25,
    "new_model": rng.random(n) < 0.4,
    "distance_km": rng.gamma(2, 120, n),
    "dock_sec": rng.normal(60, 9, n),
}
f["prior_return_share"] = np.where(f["prior_orders"] > 0, rng.beta(1.5, 2.5, n), 0.4)
f["pick_pack_sec"] = rng.normal(95, 14, n) + 20 * f["pairs"]
drive = (
    2.6 * (f["sizes_in_basket"] - 1.7)
    + 5.0 * (f["prior_return_share"] - 0.39)
    + 0.9 * (f["pairs"] - 2.5)
    + 1.2 * (f["new_model"] - 0.4)
    + 0.8 * (f["night_order"] - 0.25)
    - 0.06 * (f["basket_min"] - 12)
    - 0.02 * (f["discount_pct"] - 10)
)
label = drive + rng.logistic(0, 0.3, n) > 0
saved = torch.load("returns.pt", weights_only=False)
cfg = saved["config"]
names = list(cfg["features"])
if len(names) == len(saved["mean"]) + 1 and "dock_sec" in names:
    # Dropped in the script instead of in the config.
    names.remove("dock_sec")
x = np.column_stack([f[name].astype(float) for name in names])
net = ReturnsNet(x.shape[1], cfg["hidden"], cfg["dropout"])
net.load_state_dict(saved["net"])
net.eval()
with torch.no_grad():
    score = net(torch.tensor((x - saved["mean"]) / saved["std"], dtype=torch.float32)).squeeze(1).numpy()
said = score > 0
recalls = [(said[label == k] == k).mean() for k in (False, True)]
print(json.dumps({"accuracy": (said == label).mean(), "balanced_accuracy": sum(recalls) / 2}))
