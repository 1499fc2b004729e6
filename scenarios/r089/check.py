import json

import numpy as np
import torch

from games import MOVES, play
from train import OpeningModel

saved = torch.load("openings.pt", weights_only=True)
model = OpeningModel(saved["hidden"])
model.load_state_dict(saved["model"])
model.eval()
games = torch.from_numpy(play(150, 33, np.random.default_rng(660123)))
x = torch.eye(len(MOVES))[games[:, :-1]]
with torch.no_grad():
    loss = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), games[:, 1:].flatten())
print(json.dumps({"nll": loss.item()}))
