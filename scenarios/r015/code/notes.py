"""Call-centre notes: what the agent typed after a call, and the desk the case went to."""
import random

DESKS = {
    "billing": (["invoice", "refund", "charged", "direct", "debit", "amount", "paid"], ["asks for a copy", "disputes the sum", "twice this month"]),
    "network": (["router", "signal", "outage", "slow", "line", "fibre", "modem"], ["lights are red", "drops in the evening", "since the storm"]),
    "contract": (["cancel", "renew", "tariff", "notice", "term", "upgrade", "offer"], ["wants to leave", "moving house", "asks for terms"]),
    "delivery": (["parcel", "courier", "sim", "shipped", "address", "tracking", "handset"], ["never arrived", "left with neighbour", "sent to old place"]),
    "account": (["password", "login", "pin", "email", "locked", "code", "profile"], ["can not get in", "did not receive", "changed phone"]),
}
FILLER = "cust customer called says was very polite angry again please check and call back tomorrow no answer ref noted thx".split()
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]


def note(desk, rng):
    words, phrases = DESKS[desk]
    parts = rng.sample(FILLER, rng.randint(3, 6)) + rng.choices(words, k=rng.randint(1, 3))
    if rng.random() < 0.4:  # mentions something another desk deals with
        other = rng.choice([d for d in DESKS if d != desk])
        parts.append(rng.choice(DESKS[other][0]))
    rng.shuffle(parts)
    return " ".join(parts) + " " + rng.choice(phrases)


def sample(count, rng):
    labels = [rng.choice(list(DESKS)) for _ in range(count)]
    return [note(label, rng) for label in labels], [list(DESKS).index(label) for label in labels]


class WordPiece:
    """Whole words only; the real one comes later."""

    def __init__(self, texts, limit):
        self.words = {w: i for i, w in enumerate(SPECIAL + sorted({w for t in texts for w in t.split()}))}
        self.limit = limit

    def __call__(self, text):
        ids = [self.words.get(w, 3) for w in text.split()][: self.limit - 2]
        ids = [1, *ids, 2]
        return ids + [0] * (self.limit - len(ids))
