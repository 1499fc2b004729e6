import json
import random

import torch

from bert import Bert

TOPICS = {
    "ticketing": "ticket fare refund card machine paid price zone season receipt".split(),
    "delay": "late waited minutes cancelled platform missed connection timetable arrived hour".split(),
    "lost property": "left bag umbrella seat phone forgot jacket found wallet gloves".split(),
    "cleanliness": "dirty smell floor rubbish toilet window sticky spilled coffee litter".split(),
    "staff": "driver rude shouted friendly conductor helped uniform ignored polite inspector".split(),
    "access": "ramp wheelchair lift stairs pram gap kneel blind announcement handrail".split(),
}
FILLER = "the on my was i to at and it in bus tram train line stop yesterday morning please when there again number".split()
rng = random.Random(918273)
saved = torch.load("out/model.pt")
index = {w: i for i, w in enumerate(saved["words"])}
config = json.load(open("helpdesk.json"))
model = Bert(len(index), **config["model"])
model.set_labels(6)
model.load_state_dict(saved["model"])
model.eval()
x, y = [], []
for _ in range(500):
    topic = rng.choice(list(TOPICS))
    words = rng.sample(TOPICS[topic], 3) + [rng.choice(TOPICS[rng.choice(list(TOPICS))])]
    words += rng.choices(FILLER, k=rng.randint(5, 9))
    rng.shuffle(words)
    ids = [1] + [index.get(w, 3) for w in words][:14] + [2]
    x.append(ids + [0] * (16 - len(ids)))
    y.append(saved["queues"].index(topic))
with torch.no_grad():
    hits = (model(torch.tensor(x)).argmax(-1) == torch.tensor(y)).float().mean().item()
print(json.dumps({"fresh_accuracy": hits}))
