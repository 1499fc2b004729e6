"""Ingredient lists and the kitchens they come from.

Every kitchen has staples it likes; a list is a handful of staples of one kitchen among things everybody buys.
"""
import numpy as np
import torch

KITCHENS = ["levant", "sichuan", "oaxaca", "liguria", "punjab", "honshu"]
STAPLES_PER_KITCHEN = 14
COMMON = 40

PAD, CLS, SEP = 0, 1, 2
FIRST_WORD = 3
VOCAB_SIZE = FIRST_WORD + COMMON + STAPLES_PER_KITCHEN * len(KITCHENS)
MAX_LEN = 16


def sample_lists(count, rng):
    """Returns ids (count, MAX_LEN) and kitchen labels (count,)."""
    ids = np.full((count, MAX_LEN), PAD, dtype=np.int64)
    labels = rng.integers(0, len(KITCHENS), count)
    for row, label in enumerate(labels):
        length = rng.integers(8, MAX_LEN - 2)
        words = rng.integers(0, COMMON, length)
        own = rng.choice(length, size=rng.integers(3, 6), replace=False)
        words[own] = COMMON + label * STAPLES_PER_KITCHEN + rng.integers(0, STAPLES_PER_KITCHEN, len(own))
        guest = rng.integers(0, length)
        if guest not in own:
            words[guest] = COMMON + rng.integers(0, STAPLES_PER_KITCHEN * len(KITCHENS))
        ids[row, 0] = CLS
        ids[row, 1:length + 1] = words + FIRST_WORD
        ids[row, length + 1] = SEP
    return torch.from_numpy(ids), torch.from_numpy(labels)
