"""Share of lamp states that the saved GRU reads right in records made for this check."""

import json

import torch
from memo import records
from run_memo import MemoGRU

saved = torch.load("memo_gru.pt")
model = MemoGRU(saved["hidden"], saved["layers"])
model.load_state_dict(saved["weights"])
model.eval()
ids, states = records(150, 120, 3_141_592)
with torch.no_grad():
    accuracy = (model(ids).argmax(-1) == states).float().mean().item()
print(json.dumps({"states": accuracy}))
