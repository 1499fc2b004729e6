"""Nash-Sutcliffe efficiency of the saved model on catchment hours made for this check."""

import json

import torch
import yaml
from catchment import hours
from ssm import Forecaster

with open("gauge.yaml") as stream:
    conf = yaml.safe_load(stream)
x, y = hours(200, conf["series"]["length"], 9_090_909)
model = Forecaster(x.size(-1), **conf["model"])
model.load_state_dict(torch.load("gauge.pt"))
with torch.no_grad():
    residual = (model(x) - y)[:, 8:]
print(json.dumps({"nse": 1 - (residual.square().mean() / y[:, 8:].var()).item()}))
