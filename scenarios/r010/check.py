"""How well the saved student fills the masks of entries it never saw (those the entry determines)."""

import json

import logbook
import numpy as np
import torch
from distil import DistilLM

saved = torch.load("student.pt")
args = saved["args"]
ids = logbook.entries(800, 770_003)
# Lamp (8) follows from the weather and heading (13) from the ship; both can be known.
inputs = ids.copy()
inputs[:, [8, 13]] = logbook.MASK
model = DistilLM(len(logbook.WORDS), ids.shape[1], dim=args["dim"], hidden=2 * args["dim"], layers=args["n_layers"])
model.load_state_dict(saved["state"])
model.eval()
with torch.no_grad():
    guess = model(torch.from_numpy(inputs)).argmax(-1).numpy()
print(json.dumps({"filled": float((guess == ids)[:, [8, 13]].mean())}))
