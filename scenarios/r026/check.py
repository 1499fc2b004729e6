"""Forecasts fresh readings with the saved network.

The windows come from the project's own function, so a scaling in it or in the network counts; a project that scales
elsewhere in its script is met halfway by readings standardized here.
"""

import json

import numpy as np
import torch
from forecast import Forecaster
from gauge import windows


def series(days, rng):
    """(4 * days, 5) float64."""
    n = 4 * days
    hour = 6.0 * np.arange(n)
    season = np.sin(2 * np.pi * hour / 8766)
    slow, inflow, level = np.zeros(n), np.zeros(n), np.zeros(n)
    wet, stock = 0.0, 0.0
    for t in range(n):
        slow[t] = 0.92 * slow[t - 1] + 0.39 * rng.normal()
        rain = max(0.0, 0.1 * rng.normal() - slow[t - 4]) if t >= 4 else 0.0
        wet = 0.8 * wet + 0.6 * rain
        inflow[t] = 5200 + 900 * season[t] + 2100 * wet
        falling = slow[t - 4] - slow[t] if t >= 4 else 0.0
        stock += (inflow[t] - 6500) / 2600 - 0.35 * stock - (0.9 if stock > 0.5 and falling > 0.3 else 0.0)
        level[t] = 1_184_000 + 730 * stock
    temp = 278 + 8 * season + 3 * np.sin(2 * np.pi * hour / 24) + rng.normal(0, 1, n)
    return np.column_stack([90_800 + 620 * slow, inflow, level, temp, hour % 8766])


saved = torch.load("forecast.pt", weights_only=False)
a = saved["args"]
net = Forecaster(5, a["hidden"], a["layers"], a["cell"])
net.load_state_dict(saved["net"])
net.eval()
table = series(3 * 365, np.random.default_rng(3_310_557))
x, y = windows(table, a["window"])
x, y = torch.from_numpy(x), torch.from_numpy(y)
wide = x.double()
scaled = ((wide - wide.mean((0, 1))) / wide.std((0, 1))).float()
with torch.no_grad():
    r2 = max(1 - ((net(z) - y) ** 2).mean().item() / y.var().item() for z in (x, scaled))
print(json.dumps({"r2": r2}))
