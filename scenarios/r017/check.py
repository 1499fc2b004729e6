"""Error, coverage and likelihood of the saved rating on gaugings of its own."""

import json

import torch
from rating import Rating, gaugings, nll

saved = torch.load("rating.pt")
model = Rating(saved["args"]["width"], saved["args"]["depth"])
model.load_state_dict(saved["state"])
x, y = gaugings(2000, 321_000)
with torch.no_grad():
    mean, log_scale = model(x)
inside = ((y - mean).abs() < 1.645 * log_scale.exp()).float().mean().item()
rmse = (mean - y).square().mean().sqrt().item()
print(json.dumps({"nll": nll(mean, log_scale, y).item(), "rmse": rmse, "coverage": inside}))
