import json

import torch

from thermo import KINDS, Thermograms
from vit import ViT

saved = torch.load("runs/pv/last.pt", weights_only=True)
model = ViT(len(KINDS), dim=saved["dim"], depth=saved["depth"])
model.load_state_dict(saved["model"])
model.eval()
fresh = Thermograms(160, 515151)
x = torch.stack([fresh[i][0] for i in range(len(fresh))]).float()
y = torch.tensor([fresh[i][1] for i in range(len(fresh))])
with torch.no_grad():
    print(json.dumps({"accuracy": (model(x).argmax(1) == y).float().mean().item()}))
