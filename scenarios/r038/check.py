import json
import re
import statistics
from pathlib import Path

import numpy as np
import torch

import spectra_shards as shards
from peptide_bert import PeptideBert

saved = torch.load("pretrained.pt")
s = saved["settings"]
model = PeptideBert(shards.VOCABULARY, s["length"], s["width"], layers=s["layers"])
model.load_state_dict(saved["weights"])
model.eval()
rows = shards.token_rows(shards.peptides(300, 44_000_009), s["length"])
seen, labels = shards.hide(rows, 0.15, np.random.default_rng(44))
with torch.no_grad():
    guess = model(torch.from_numpy(seen)).argmax(-1).numpy()
asked = labels != -100
accuracy = float((guess == labels)[asked].mean())

seconds = [float(t) for t in re.findall(r"^step +\d+ .* ([\d.]+) s$", Path("train.log").read_text(), re.MULTILINE)]
every = s["per_shard"] // s["batch_size"]
first = [t for i, t in enumerate(seconds) if i % every == 0]
others = [t for i, t in enumerate(seconds) if i % every]
print(json.dumps({"accuracy": accuracy, "stall": statistics.median(first) / statistics.median(others)}))
