"""Pharmacy sig lines ("1 tab po tid prn pain") and their plain directions, with stray words as augmentation."""
import numpy as np
import torch
from torch.utils.data import Dataset

PARTS = [
    {"1": "one", "2": "two", "3": "three", "i": "one", "ii": "two", "iii": "three"},
    {"tab": "tablet", "cap": "capsule", "gtt": "drop", "supp": "suppository", "tbsp": "spoonful", "inh": "puff"},
    {"po": "by-mouth", "pr": "rectally", "sl": "under-tongue", "od": "right-eye", "os": "left-eye", "top": "on-skin"},
    {"qd": "daily", "bid": "twice-daily", "tid": "thrice-daily", "qid": "four-times", "qhs": "at-bedtime", "q4h": "every-4h"},
    {"prn": "if-needed", "pc": "after-food", "ac": "before-food", "stat": "at-once", "udi": "as-told"},
]
FILLERS = [f"{a}{b}" for a in ("re", "dr", "pt", "hx", "vo", "ph", "rx", "cc", "ok", "no") for b in range(30)]
SOURCE = ["<pad>", "</s>"] + [w for part in PARTS for w in part] + FILLERS
TARGET = ["<pad>", "</s>"] + sorted({w for part in PARTS for w in part.values()})
S, T = {w: i for i, w in enumerate(SOURCE)}, {w: i for i, w in enumerate(TARGET)}
PAD, END = 0, 1
LONGEST = len(PARTS) + 1


def filler_counts():
    """How often each stray word was seen in the pharmacy's old lines (Zipf, as measured)."""
    return 1e6 / np.arange(1, len(FILLERS) + 1)


def unigram_table(entries, power):
    """Filler ids, each as often as its count ** power says; drawing is then one random index (as in word2vec)."""
    share = filler_counts() ** power
    repeats = np.round(share / share.sum() * entries).astype(np.int64)
    return np.repeat(np.arange(len(FILLERS)) + S[FILLERS[0]], repeats)


class SigLines(Dataset):
    def __init__(self, n, seed, max_fillers, table_entries, power):
        rng = np.random.default_rng(seed)
        self.lines = [[list(part)[rng.integers(len(part))] for part in PARTS] for _ in range(n)]
        self.max_fillers, self.entries, self.power = max_fillers, table_entries, power
        self.seed = seed
        self.table = None

    def prepare(self, worker):
        """Called in each loader process before its first item."""
        self.table = unigram_table(self.entries, self.power)
        self.rng = np.random.default_rng([self.seed, worker])

    def __len__(self):
        return len(self.lines)

    def __getitem__(self, i):
        if self.table is None:
            self.prepare(0)
        source = [S[w] for w in self.lines[i]]
        for _ in range(self.rng.integers(self.max_fillers + 1)):
            word = self.table[self.rng.integers(len(self.table))]
            source.insert(int(self.rng.integers(len(source) + 1)), int(word))
        source += [END] + [PAD] * (len(PARTS) + self.max_fillers - len(source))
        target = [T[part[w]] for part, w in zip(PARTS, self.lines[i])] + [END]
        return torch.tensor(source), torch.tensor(target)
