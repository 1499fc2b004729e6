import json

import torch

from lichen import FORMS, plates
from vit import PlateViT

saved = torch.load("ckpt/last.pt")
model = PlateViT(len(FORMS), dim=saved["args"]["dim"], depth=saved["args"]["depth"])
model.load_state_dict(saved["model"])
model.eval()
images, forms = (torch.from_numpy(part) for part in plates(400, 660_001))
with torch.no_grad():
    guess = model(images).argmax(1)
recalls = [(guess[forms == f] == f).float().mean().item() for f in range(len(FORMS))]
done = saved["epoch"] / saved["args"]["epochs"]
print(json.dumps({"accuracy": (guess == forms).float().mean().item(), "lowest_recall": min(recalls), "epochs_done": done}))
