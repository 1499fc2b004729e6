"""Share of card fields that the saved model fills in right, for recipes made for this check."""

import json

import torch
from minit5 import MiniT5
from recipes import CARD, SRC, TGT, batch

saved = torch.load("baker.pt")
model = MiniT5(len(SRC), len(TGT), ff=saved["ff"])
model.load_state_dict(saved["weights"])
model.eval()
src, tgt = batch(400, torch.Generator().manual_seed(404_505))
with torch.no_grad():
    right = (model(src, tgt).argmax(-1) == tgt)[:, : CARD - 1].float().mean().item()
print(json.dumps({"fields": right}))
