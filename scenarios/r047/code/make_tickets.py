"""Writes data/tickets_{train,val}.csv: short tickets of a transport company's help desk (names removed)."""
import csv
import random
from pathlib import Path

TOPICS = {
    "ticketing": "ticket fare refund card machine paid price zone season receipt".split(),
    "delay": "late waited minutes cancelled platform missed connection timetable arrived hour".split(),
    "lost property": "left bag umbrella seat phone forgot jacket found wallet gloves".split(),
    "cleanliness": "dirty smell floor rubbish toilet window sticky spilled coffee litter".split(),
    "staff": "driver rude shouted friendly conductor helped uniform ignored polite inspector".split(),
    "access": "ramp wheelchair lift stairs pram gap kneel blind announcement handrail".split(),
}
FILLER = "the on my was i to at and it in bus tram train line stop yesterday morning please when there again number".split()


def ticket(rng):
    topic = rng.choice(list(TOPICS))
    other = rng.choice(list(TOPICS))
    words = rng.sample(TOPICS[topic], 3) + [rng.choice(TOPICS[other])] + rng.choices(FILLER, k=rng.randint(5, 9))
    rng.shuffle(words)
    return " ".join(words), topic


def write(folder, seed):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for name, n, offset in (("train", 1200, 0), ("val", 300, 1)):
        rng = random.Random(2 * seed + offset)
        with open(folder / f"tickets_{name}.csv", "w", newline="") as f:
            rows = csv.writer(f)
            rows.writerow(["text", "queue"])
            rows.writerows(ticket(rng) for _ in range(n))
