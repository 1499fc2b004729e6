"""Asks the saved model about fresh visits and compares with the time table."""

import json
import random

import torch
from desk import ASK, BRANCHES, DAYS, Pieces, hours
from finetune import ChatGRU, answer

saved = torch.load("desk.pt", weights_only=False)
s = saved["settings"]
pieces = Pieces([])
pieces.list = saved["pieces"]
pieces.ids = {piece: i for i, piece in enumerate(pieces.list)}
model = ChatGRU(len(pieces.list), s["dim"], s["hidden"], s["layers"], s["cell"])
model.load_state_dict(saved["weights"])
rng = random.Random(7_700_031)
right = 0
for _ in range(120):
    branch, day = rng.choice(BRANCHES), rng.choice(DAYS)
    question = rng.choice(ASK).format(b=branch, d=day)
    right += answer(model, pieces, f"### visitor: {question}\n### desk:") == hours(branch, day)
print(json.dumps({"right_answers": right / 120}))
