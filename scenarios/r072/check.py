"""Accuracy of the saved model on baskets from the same catalogue that were never drawn before."""
import json
from pathlib import Path

import torch
from baskets import Catalogue, encode
from bert import BasketBert

cfg = json.loads(Path("runs/base/config.json").read_text())
catalogue = Catalogue(cfg["data"], torch.Generator().manual_seed(cfg["seed"]))
model = BasketBert(**cfg["model"])
model.load_state_dict(torch.load("runs/base/model.pt", map_location="cpu"))
model.eval()
codes, shop = catalogue.draw(1000, cfg["data"]["basket_len"], torch.Generator().manual_seed(424243))
with torch.no_grad():
    right = (model(encode(codes, cfg["model"]["rows"])).argmax(-1) == shop).float().mean().item()
print(json.dumps({"accuracy": right}))
