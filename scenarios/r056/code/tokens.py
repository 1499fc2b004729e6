import numpy as np


class Tokenizer:
    """Whole terms, one per line of a file; the line number is the id. Lines 0-2 are <pad>, </s> and <unk>."""

    pad, eos, unk = 0, 1, 2

    def __init__(self, path):
        with open(path) as f:
            self.terms = f.read().split()
        self.ids = {term: i for i, term in enumerate(self.terms)}

    def __len__(self):
        return len(self.terms)

    def encode(self, text):
        return [self.ids.get(term, self.unk) for term in text.split()] + [self.eos]

    def batch(self, texts):
        rows = [self.encode(text) for text in texts]
        out = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        for line, row in zip(out, rows):
            line[:len(row)] = row
        return out

    def decode(self, ids):
        words = []
        for i in ids:
            if i == self.eos:
                break
            words.append(self.terms[i] if i < len(self.terms) else "?")
        return " ".join(words)
