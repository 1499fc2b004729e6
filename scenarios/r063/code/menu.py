"""Dishes from hotel menus, as word ids, with the course they were served in."""
import torch

COURSES = ["soup", "fish", "entree", "roast", "salad", "cheese", "sweet", "ices"]
VOCAB = 420
LENGTH = 24
PAD, CLS, SEP, FIRST = 0, 1, 2, 3


class MenuDataset(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        rng = torch.Generator().manual_seed(seed)
        leaning = torch.Generator().manual_seed(1907)
        home = torch.randint(len(COURSES), (VOCAB - FIRST,), generator=leaning)
        share = torch.ones(len(COURSES), VOCAB - FIRST)
        share[home, torch.arange(VOCAB - FIRST)] = 14.0
        self.course = torch.randint(len(COURSES), (n,), generator=rng)
        words = FIRST + torch.multinomial(share[self.course], LENGTH - 2, replacement=True, generator=rng)
        length = torch.randint(10, LENGTH - 1, (n, 1), generator=rng)
        place = torch.arange(LENGTH - 2)
        words = torch.where(place < length, words, torch.where(place == length, SEP, PAD))
        self.ids = torch.cat([torch.full((n, 1), CLS), words, torch.full((n, 1), PAD)], 1)

    def __len__(self):
        return len(self.course)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "labels": self.course[i]}
