"""Course accuracy of the last checkpoint on new dishes."""
import json

import torch
from lit_menu import LitMenu
from menu import MenuDataset

saved = torch.load("lightning_logs/last.ckpt", map_location="cpu")
model = LitMenu(**saved["hparams"])
model.load_state_dict(saved["state_dict"])
model.eval()
dishes = MenuDataset(800, 4_000_001)
with torch.no_grad():
    right = (model(dishes.ids)[0].argmax(-1) == dishes.course).float().mean().item()
print(json.dumps({"accuracy": right}))
