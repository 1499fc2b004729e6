"""Rates fresh notes with the saved model. Class k may stand for k or k + 1 stars: both are ways to write five classes."""

import json
import random

import torch
from model import StarRater
from notes import CLOSERS, OPENERS, Vocabulary

REMARKS = {
    1: ["mice in the bunks", "we left in the night", "the soup was off", "nobody opened the door", "never again"],
    2: ["blankets rather damp", "cold tea and colder faces", "far too loud", "the queue for water was endless"],
    3: ["quite all right", "plain but clean", "food was average", "neither cosy nor grim", "does what a hut should"],
    4: ["good strudel", "friendly staff", "warm stove and dry boots", "fine view from the terrace", "kind warden"],
    5: [
        "best hut in the range",
        "pure magic at sunrise",
        "could stay forever",
        "the perfect evening",
        "simply wonderful",
    ],
}
saved = torch.load("star_rater.pt", weights_only=False)
args = saved["args"]
model = StarRater(
    len(saved["vocab"]), args["max_length"], saved["model"]["classifier.weight"].shape[0], args["dim"], args["layers"]
)
model.load_state_dict(saved["model"])
model.eval()
vocab = Vocabulary([])
vocab.ids = saved["vocab"]
rng = random.Random(90_417)
stars = [1 + i % 5 for i in range(500)]
notes = [", ".join([rng.choice(OPENERS), *rng.sample(REMARKS[s], 2), rng.choice(CLOSERS)]) for s in stars]
with torch.no_grad():
    logits = model(torch.tensor([vocab.encode(note, args["max_length"]) for note in notes]))[1]
truth, said = torch.tensor(stars), logits.argmax(-1)
recalls = [min((said + offset == truth)[truth == s].float().mean().item() for s in range(1, 6)) for offset in (0, 1)]
accuracy = max((said + offset == truth).float().mean().item() for offset in (0, 1))
print(json.dumps({"accuracy": accuracy, "lowest_recall": max(recalls)}))
