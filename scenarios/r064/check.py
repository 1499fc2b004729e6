import json

import torch

from encoder import TicketBert
from tickets import ASSEMBLIES, WORDS, tickets, to_batch

saved = torch.load("runs/lift-tickets/model.pt", weights_only=True)
model = TicketBert(len(WORDS), len(ASSEMBLIES), **saved["encoder"])
model.load_state_dict(saved["model"])
model.eval()
ids, labels = to_batch(tickets(250, 909301, 12, 46), min(48, saved["encoder"]["context"]))
with torch.no_grad():
    print(json.dumps({"accuracy": (model(ids).argmax(1) == labels).float().mean().item()}))
