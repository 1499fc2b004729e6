"""Guest-book pages of four mountain huts, typed up by volunteers: one note per line with the stars the guest ticked."""
import csv
import random
import re

OPENERS = ["we stayed two nights", "arrived late in heavy rain", "third visit with the children", "came over the pass",
           "a long day from the valley", "slept in the big dormitory", "stopped for lunch only", "club outing of nine"]
CLOSERS = ["thank you to the warden", "greetings from graz", "next stop the summit", "the dog agrees", "see you in june",
           "signed the whole rope team", "written by candle light", "on to the glacier now"]
REMARKS = {
    1: ["mice in the bunks", "we left in the night", "the soup was off", "nobody opened the door", "never again"],
    2: ["blankets rather damp", "cold tea and colder faces", "far too loud", "the queue for water was endless"],
    3: ["quite all right", "plain but clean", "food was average", "neither cosy nor grim", "does what a hut should"],
    4: ["good strudel", "friendly staff", "warm stove and dry boots", "fine view from the terrace", "kind warden"],
    5: ["best hut in the range", "pure magic at sunrise", "could stay forever", "the perfect evening", "simply wonderful"],
}
SHARES = {1: 0.11, 2: 0.16, 3: 0.24, 4: 0.29, 5: 0.20}


def type_up(path, count, seed):
    """Writes `count` notes as a tab separated file."""
    rng = random.Random(seed)
    with open(path, "w", newline="") as f:
        out = csv.writer(f, delimiter="\t")
        out.writerow(["hut", "stars", "note"])
        for _ in range(count):
            stars = rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
            parts = [rng.choice(OPENERS), *rng.sample(REMARKS[stars], 2), rng.choice(CLOSERS)]
            if rng.random() < 0.3:
                parts[2] = rng.choice(rng.choice(list(REMARKS.values())))
            out.writerow([rng.randint(1, 4), stars, ", ".join(parts)])


def read(path):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    return [row["note"] for row in rows], [int(row["stars"]) for row in rows]


class Vocabulary:
    def __init__(self, notes):
        words = sorted({word for note in notes for word in re.findall(r"\w+", note)})
        self.ids = {word: i for i, word in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *words])}

    def __len__(self):
        return len(self.ids)

    def encode(self, note, length):
        ids = [1] + [self.ids.get(word, 3) for word in re.findall(r"\w+", note)][:length - 2] + [2]
        return ids + [0] * (length - len(ids))
