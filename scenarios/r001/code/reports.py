"""Inspection reports of a seed warehouse, as dictated: place, finds, finds, ..., and what is to happen to the lot."""
import numpy as np

LABELS = ["release", "retest", "dry", "destroy"]
CLOSING = {
    "release": ["lot may be sold", "lot is free to go", "cleared for sale"],
    "retest": ["draw a second sample", "lab to look again", "sample once more"],
    "dry": ["lot goes to the drier", "send to drying", "dry at low heat"],
    "destroy": ["lot to be burned", "must not leave the site", "burn and disinfect"],
}
CROPS = ["barley", "rye", "oats", "lupin", "flax", "clover", "mustard", "beet"]
WHERE = ["bay {n}", "silo {n}", "rack {n}", "hall {n} north", "hall {n} south"]
FINDS = ["moisture {n} percent", "sieve fraction {n}", "{n} grains of weed seed", "temperature {n} degrees", "smell neutral",
         "colour even", "bag seams tight", "label legible", "{n} bags counted", "some dust at the chute", "scale checked",
         "germ count {n} on paper", "no insects seen", "pallet dry"]


def report(rng):
    """One report (words in lower case) and its label."""
    label = LABELS[rng.integers(len(LABELS))]
    number = lambda text: text.format(n=rng.integers(1, 20))
    parts = [f"{rng.choice(CROPS)} in {number(rng.choice(WHERE))}"]
    parts += [number(rng.choice(FINDS)) for _ in range(rng.integers(2, 9))]
    parts.append(rng.choice(CLOSING[label]))
    return " ; ".join(parts), LABELS.index(label)


def corpus(count, rng):
    texts, labels = zip(*(report(rng) for _ in range(count)))
    return list(texts), np.array(labels)


class WordTokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    def __init__(self, texts=(), vocab=None, max_length=64):
        self.vocab = vocab or self.special + sorted({word for text in texts for word in text.split()})
        self.ids = {word: i for i, word in enumerate(self.vocab)}
        self.max_length = max_length

    def __call__(self, texts):
        """(ids, mask), both (texts, longest), [CLS] ... [SEP] and zeros."""
        rows = []
        for text in texts:
            ids = [self.ids.get(word, 1) for word in text.split()][:self.max_length - 2]
            rows.append([2, *ids, 3])
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        for line, row in zip(ids, rows):
            line[:len(row)] = row
        return ids, ids != 0
