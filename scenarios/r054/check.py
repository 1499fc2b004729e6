"""New notes, every box ticked as the text says: accuracy, the gain over chance, the lowest recall and the loss."""
import json

import torch

from hivelib.model import DistilEncoder
from hivelib.notes import BOXES, WordIds, notes
from train_hives import tensors

saved = torch.load("results/hives-distil/model.bin")
words = WordIds(words=saved["words"])
model = DistilEncoder(len(words.words), len(BOXES), **saved["config"]["model"])
model.load_state_dict(saved["model"])
model.eval()
ids, labels = tensors(notes(800, 31415926), words, 72)
with torch.no_grad():
    logits = model(ids)
right = logits.argmax(1) == labels
accuracy = right.float().mean().item()
print(json.dumps({"accuracy": accuracy, "above_chance": accuracy - 1 / len(BOXES),
                  "lowest_recall": min(right[labels == k].float().mean().item() for k in range(len(BOXES))),
                  "loss": torch.nn.functional.cross_entropy(logits, labels).item()}))
