"""Share of notes foretold on fresh rolls, with the hidden state carried on."""
import json

import rolls
import torch
from organ_lm import OrganLM

saved = torch.load("organ_lm.pth", map_location="cpu")
model = OrganLM(saved["options"]["width"], saved["options"]["layers"])
model.load_state_dict(saved["weights"])
roll = torch.from_numpy(rolls.play(32, 201, 909090)).T
hidden, right = torch.zeros(model.layers, 32, model.width), []
with torch.no_grad():
    for i in range(0, 200, 40):
        scores, hidden = model(roll[i:i + 40], hidden)
        right.append((scores.argmax(-1) == roll[i + 1:i + 41]).float().mean().item())
print(json.dumps({"accuracy": sum(right) / len(right)}))
