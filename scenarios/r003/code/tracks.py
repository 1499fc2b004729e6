"""Track-side counter records: the wheel pattern of a train, one symbol per axle, and the train's class."""
import random

import torch
from torch.utils.data import Dataset

AXLES = ["loco", "tank", "flat", "coach", "brake", "gap_s", "gap_l", "light", "heavy", "hopper", "van", "spine"]
CLASSES = ["regional", "intercity", "block freight", "mixed freight"]
# every class closes with its own pair of vehicles: what is at the end of a train is what tells
TAILS = {0: ("coach", "light"), 1: ("coach", "brake"), 2: ("tank", "heavy"), 3: ("tank", "brake")}
BODY = [a for a in AXLES if a not in ("coach", "tank")]


class Passages(Dataset):
    def __init__(self, count, shortest, longest, seed):
        rng = random.Random(seed)
        self.items = []
        for _ in range(count):
            label = rng.randrange(len(CLASSES))
            # short trains are by far the most frequent
            length = min(longest, int(shortest + rng.expovariate(1 / 6)))
            body = [rng.choice(BODY) for _ in range(length - 2)]
            self.items.append(([AXLES.index(a) + 1 for a in (*body, *TAILS[label])], label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        symbols, label = self.items[i]
        return torch.tensor(symbols), label


def collate(batch):
    """Brings the passages of a batch to one length and marks which positions hold axles."""
    lengths = torch.tensor([len(symbols) for symbols, _ in batch])
    longest = int(lengths.max())
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    for row, (symbols, _) in enumerate(batch):
        ids[row, longest - len(symbols) :] = symbols
    mask = torch.arange(longest)[None, :] < lengths[:, None]
    return {"ids": ids, "mask": mask, "labels": torch.tensor([label for _, label in batch])}
