from collections import Counter

PAD, BOS, EOS = 0, 1, 2
SPECIALS = ["<pad>", "<bos>", "<eos>"]


class Vocab:
    """Word <-> id. Words seen fewer than `min_freq` times share one id."""

    def __init__(self, notes, min_freq):
        counts = Counter(word for note in notes for word in note)
        kept = [word for word, n in counts.most_common() if n >= min_freq]
        self.itos = SPECIALS + kept
        self.stoi = {word: i for i, word in enumerate(self.itos)}
        self.unk = len(self.itos)

    def __len__(self):
        return len(self.itos)

    def encode(self, note):
        return [BOS] + [self.stoi.get(word, self.unk) for word in note] + [EOS]
