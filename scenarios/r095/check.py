"""Announcements drawn anew: share of board rows that are right in every word, and the least right of the five columns."""
import json

import torch

from departures import Words, announcements
from t5mini import T5Mini

saved = torch.load("board.pt", map_location="cpu")
s = saved["settings"]
words = Words([])
words.words, words.ids = saved["words"], {w: i for i, w in enumerate(saved["words"])}
model = T5Mini(len(words), s["d_model"], s["heads"], 2 * s["d_model"], s["layers"])
model.load_state_dict(saved["model"])
model.eval()
fresh = announcements(600, 90210777)
source = torch.tensor([words.encode(said, 24) for said, _ in fresh])
rows = [words.decode(ids) for ids in model.generate(source, 6).tolist()]
exact = sum(row == wanted for row, (_, wanted) in zip(rows, fresh)) / len(fresh)
columns = [sum(len(row) > i and row[i] == wanted[i] for row, (_, wanted) in zip(rows, fresh)) / len(fresh) for i in range(5)]
print(json.dumps({"exact_rows": exact, "worst_column": min(columns)}))
