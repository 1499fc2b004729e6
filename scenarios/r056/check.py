"""Expands fresh shorthand with the saved model and the vocabulary that stands beside it."""

import json
import random

import torch
from tokens import Tokenizer
from train import SigT5

FORMS = {"tab": "tablet", "cap": "capsule", "gtt": "drop", "puff": "puff", "ml": "millilitre"}
DOSES = {"1": "one", "2": "two", "3": "three", "ss": "half"}
ROUTES = {"po": "by mouth", "sl": "under the tongue", "ou": "in both eyes", "inh": "by inhaler"}
TIMES = {
    "qd": "once daily",
    "bid": "twice daily",
    "tid": "three times daily",
    "q6h": "every six hours",
    "qhs": "at bedtime",
}
DAYS = {"3": "three", "5": "five", "7": "seven", "10": "ten", "14": "fourteen"}
EXTRAS = {"pc": "after meals", "ac": "before meals", "prn": "as needed", "": ""}
rng = random.Random(60_211)
rows = []
for _ in range(200):
    dose, form, route, time, days, extra = (rng.choice(list(d)) for d in (DOSES, FORMS, ROUTES, TIMES, DAYS, EXTRAS))
    plural = "s" if dose in "23" else ""
    plain = (
        f"take {DOSES[dose]} {FORMS[form]}{plural} {ROUTES[route]} {TIMES[time]} for {DAYS[days]} days {EXTRAS[extra]}"
    )
    rows.append((f"{dose} {form} {route} {time} x {days} d {extra}".strip(), plain.strip()))
saved = torch.load("out/model.pt", weights_only=False)
model = SigT5(saved["config"]["vocab_size"], **saved["config"]["model"])
model.load_state_dict(saved["model"])
model.eval()
tokenizer = Tokenizer("out/vocab.txt")
source, target = (torch.from_numpy(tokenizer.batch(side)) for side in zip(*rows))
with torch.no_grad():
    loss = model(source, target).item()
said = [tokenizer.decode(ids) for ids in model.generate(source, 20).tolist()]
exact = sum(text == plain for text, (_, plain) in zip(said, rows)) / len(rows)
print(json.dumps({"exact": exact, "loss": loss}))
