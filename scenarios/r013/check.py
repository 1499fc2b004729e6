"""Accuracy of the saved network on glyphs drawn anew from the run's own prototypes."""
import json
from pathlib import Path

import numpy as np
import torch
import yaml
from glyphs import Glyphs, prototypes
from model import GlyphNet

cfg = yaml.safe_load(Path("configs/base.yaml").read_text())
data = cfg["data"]
shapes = prototypes(data["classes"], np.random.default_rng(cfg["seed"]))
fresh = Glyphs(shapes, 2000, data["size"], data["noise"], data["max_shift"], np.random.default_rng(90210))
model = GlyphNet(data["classes"], **cfg["model"])
model(fresh.images[:2])
model.load_state_dict(torch.load(Path(cfg["out_dir"]) / "glyphnet.pt"))
model.eval()
with torch.no_grad():
    right = (model(fresh.images).argmax(1) == fresh.labels).float().mean().item()
print(json.dumps({"accuracy": right}))
