"""Maintenance tickets of a lift operator, as the dispatchers type them, with the crew that took each one."""
import random

CREWS = ["doors", "cabin", "drive", "controls", "hydraulics"]

PARTS = {
    "doors": "door landing sill leaf rail curtain lock bumper".split(),
    "cabin": "cabin mirror handrail floor light fan panel button".split(),
    "drive": "rope sheave brake motor gear bearing traction belt".split(),
    "controls": "controller board relay fuse display encoder cable sensor".split(),
    "hydraulics": "oil pump valve piston jack hose tank seal".split(),
}
COMPLAINTS = "noisy stuck worn loose slow dead leaking shaking overheated scratched bent dirty".split()
OPENERS = [
    "caretaker reports {a} {s} in lift {n}",
    "lift {n} out of service {a} and {b} {s}",
    "{a} {s} again please check {b} lift {n}",
    "tenant called lift {n} {a} seems {s} since monday",
    "routine visit lift {n} found {a} {s} next to {b}",
]


def ticket(rng):
    crew = rng.randrange(len(CREWS))
    own = PARTS[CREWS[crew]]
    other = PARTS[rng.choice(CREWS)]
    text = rng.choice(OPENERS).format(
        a=rng.choice(own),
        b=rng.choice(own if rng.random() < 0.7 else other),
        s=rng.choice(COMPLAINTS),
        n=rng.randrange(10_000, 100_000),
    )
    return text, crew


def quarter(count, seed):
    """One quarter of the archive."""
    rng = random.Random(seed)
    return [ticket(rng) for _ in range(count)]


class WordIds:
    """Words get their number when they are first met."""

    PAD, CLS, UNK = 0, 1, 2

    def __init__(self, known=None):
        self.ids = dict(known) if known else {"[PAD]": self.PAD, "[CLS]": self.CLS, "[UNK]": self.UNK}

    def encode(self, text, length):
        row = [self.CLS]
        for word in text.split()[: length - 1]:
            row.append(self.ids.setdefault(word, len(self.ids)))
        return row + [self.PAD] * (length - len(row))

    def encode_known(self, text, length):
        row = [self.CLS] + [self.ids.get(word, self.UNK) for word in text.split()[: length - 1]]
        return row + [self.PAD] * (length - len(row))
