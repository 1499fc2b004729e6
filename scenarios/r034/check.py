"""How likely and how often right the next syllable is on recordings of their own, and which share of what the model
sings are transitions that birds sing."""

import json

import torch
from songlm import SongLM
from syllables import SYLLABLES, recording

saved = torch.load("out/song.pt")
args = saved["args"]
model = SongLM(len(SYLLABLES), args["embedding"], args["hidden"], args["layers"], 0.0, args["cell"])
model.load_state_dict(saved["model"])
model.eval()
song = torch.tensor([SYLLABLES.index(s) for s in recording(200, 888_000)])
rows = song[: len(song) // 24 * 24].view(-1, 24)
with torch.no_grad():
    logits = model(rows)["logits"][:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).item()
torch.manual_seed(0)
sung = model.generate(rows[:20, :1], 30)
real = set(zip(song[:-1].tolist(), song[1:].tolist(), strict=True))
pairs = [pair for row in sung.tolist() for pair in zip(row[:-1], row[1:], strict=True)]
print(json.dumps({"loss": loss, "real_transitions": sum(pair in real for pair in pairs) / len(pairs)}))
