"""Lines from harbour registers in three spellings; every word is to be given its dictionary entry."""
import numpy as np
import torch

ENTRIES = 400
FORMS = 800            # surface forms: two or so per entry, some shared by two entries
HARBOURS = 4           # first word of a line; decides between the entries of a shared form
PAD = 0
FIRST_FORM = 1 + HARBOURS


def lexicon():
    rng = np.random.default_rng(1699)
    entry_of = np.stack([np.arange(FORMS) // 2, np.arange(FORMS) // 2], 1)
    shared = rng.random(FORMS) < 0.1
    entry_of[shared, 1] = rng.integers(0, ENTRIES, shared.sum())
    return entry_of


def lines(n, length, seed):
    """Word ids and entry ids (-100 where there is nothing to tag), both of shape (n, length)."""
    rng = np.random.default_rng(seed)
    harbour = rng.integers(0, HARBOURS, n)
    forms = rng.integers(0, FORMS, (n, length - 1))
    entries = lexicon()[forms, (harbour[:, None] >= HARBOURS // 2).astype(int)]
    words = np.concatenate([1 + harbour[:, None], FIRST_FORM + forms], 1)
    tags = np.concatenate([np.full((n, 1), -100), entries], 1)
    short = np.arange(length)[None] >= rng.integers(length // 2, length + 1, n)[:, None]
    words[short], tags[short] = PAD, -100
    return torch.from_numpy(words), torch.from_numpy(tags)
