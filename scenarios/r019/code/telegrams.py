"""Merchant telegrams in a house code: a line of code words -> sender, goods, month, quantity."""
import torch
from torch.utils.data import Dataset

FIELDS = {"sender": 8, "goods": 10, "month": 12, "quantity": 6}
N_WORDS = 500
PER_VALUE = 8          # code words per value of a field


def codebook():
    g = torch.Generator().manual_seed(1871)
    words = torch.randperm(N_WORDS, generator=g)
    total = sum(FIELDS.values())
    return words[: total * PER_VALUE].view(total, PER_VALUE), words[total * PER_VALUE:]


class Telegrams(Dataset):
    """Items: source of 16 word ids, target of 4 value ids (values are numbered through all fields)."""

    def __init__(self, n, seed, length=16):
        g = torch.Generator().manual_seed(seed)
        book, chatter = codebook()
        offset, values = 0, []
        for size in FIELDS.values():
            values.append(offset + torch.randint(size, (n,), generator=g))
            offset += size
        self.target = torch.stack(values, 1)
        self.source = chatter[torch.randint(len(chatter), (n, length), generator=g)]
        for f in range(len(FIELDS)):
            for repeat in range(2):
                place = torch.randint(length // 8, (n,), generator=g) + (2 * f + repeat) * (length // 8)
                pick = torch.randint(PER_VALUE, (n,), generator=g)
                self.source[torch.arange(n), place] = book[self.target[:, f], pick]

    def __len__(self):
        return len(self.source)

    def __getitem__(self, i):
        return self.source[i], self.target[i]
