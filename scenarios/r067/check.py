import json

import torch

from network import EventGRU
from signals import CODES, windows

saved = torch.load("events.pt")
model = EventGRU(CODES, saved["hidden"])
model.load_state_dict(saved["state"])
model.eval()
fresh = torch.from_numpy(windows(500, 20, 88_000_123))
with torch.no_grad():
    loss = model.window_losses(fresh).mean()
print(json.dumps({"perplexity": loss.exp().item(), "steps_done": saved["done"] / saved["steps"]}))
