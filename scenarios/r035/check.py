"""Loss of the saved language model on lines from games it never saw."""

import json
import sys

import torch
import torch.nn as nn
from lines import STOI, stream

sys.argv = ["main.py"]
import main  # noqa: E402

sys.modules["__main__"].OpeningLM = main.OpeningLM
model = torch.load("model.pt", weights_only=False)
model.eval()
ids = torch.tensor(stream(300, 660_021)).view(10, -1).t()
with torch.no_grad():
    logits, _ = model(ids[:-1])
loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:].flatten()).item()
print(json.dumps({"loss": loss, "words": len(STOI)}))
