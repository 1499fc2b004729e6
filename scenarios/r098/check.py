import json

import numpy as np
import torch

import stitchlm

saved = torch.load("stitchlm.pt", weights_only=True)
args = saved["args"]
model = stitchlm.StitchLM(len(stitchlm.VOCAB), hidden=args["hidden"], layers=args["layers"], cell=args["cell"])
model.load_state_dict(saved["model"])
fresh = stitchlm.charts(60, 65, np.random.default_rng(99017), stitchlm.panel_book())
print(json.dumps({"nll": stitchlm.held_out_nll(model, fresh, 30)}))
