"""Remarks of weather observers: a few words that go with the cloud type, now and then a place name or a number."""
import numpy as np
import torch
from torch.utils.data import Dataset

CLOUDS = ["cirrus", "altocumulus", "altostratus", "nimbostratus", "stratus", "cumulus", "cumulonimbus", "stratocumulus"]
WORDS_PER_CLOUD, RARE = 7, 1540
PAD, CLS, SEP, MASK = range(4)
FIRST_RARE = 4 + len(CLOUDS) * WORDS_PER_CLOUD
VOCAB_SIZE = FIRST_RARE + RARE
LENGTH = 20


class Remarks(Dataset):
    """ids with a fifth of the words masked, and labels that are -100 elsewhere."""

    def __init__(self, n, seed, rare_share=0.08):
        rng = np.random.default_rng(seed)
        cloud = rng.integers(len(CLOUDS), size=(n, 1))
        words = 4 + cloud * WORDS_PER_CLOUD + rng.integers(WORDS_PER_CLOUD, size=(n, LENGTH))
        rare = rng.random((n, LENGTH)) < rare_share
        words[rare] = rng.integers(FIRST_RARE, VOCAB_SIZE, rare.sum())
        words[:, 0], words[:, -1] = CLS, SEP
        masked = rng.random((n, LENGTH)) < 0.2
        masked[:, [0, -1]] = False
        self.labels = torch.from_numpy(np.where(masked, words, -100))
        self.ids = torch.from_numpy(np.where(masked, MASK, words))

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return self.ids[i], self.labels[i]
