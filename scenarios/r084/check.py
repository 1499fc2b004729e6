"""Share of hidden words found in fresh windows of the full length of 128 tokens."""
import json

import torch
from bertlm import BertForMaskedLM
from ledger import Ledger, mask_words

saved = torch.load("ledger-mlm.pt", map_location="cpu")
cfg = saved["config"]
ledger = Ledger(**cfg["corpus"])
model = BertForMaskedLM(cfg["model"], ledger.vocab)
model.load_state_dict(saved["model"])
model.eval()
generator = torch.Generator().manual_seed(515151)
inputs, labels = mask_words(ledger.windows(32, 128, generator), 0.15, generator)
with torch.no_grad():
    found = (model(inputs).argmax(-1) == labels)[labels != -100].float().mean().item()
print(json.dumps({"found": found}))
