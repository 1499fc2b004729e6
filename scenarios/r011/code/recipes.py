"""Bread recipes in free wording, and the baker's card they come down to: flour, hydration, leaven, shape, oven."""
import torch

FIELDS = {
    "flour": ["rye", "spelt", "wheat", "emmer", "einkorn"],
    "hydration": ["stiff", "firm", "soft", "slack"],
    "leaven": ["sourdough", "yeast", "poolish", "biga"],
    "shape": ["boule", "batard", "baguette", "tin"],
    "oven": ["gentle", "steady", "fierce"],
}
FILLER = "take some mix rest fold shape until then bake and let it the in for".split()
SRC = ["<pad>", "</s>", *FILLER, *(w for words in FIELDS.values() for w in words)]
TGT = ["<pad>", "</s>", *(f"{name[0]}{i}" for name, words in FIELDS.items() for i in range(len(words)))]
SRC_LEN, CARD = 13, len(FIELDS) + 1


def batch(n, gen):
    src = torch.zeros(n, SRC_LEN, dtype=torch.long)
    tgt = torch.ones(n, CARD, dtype=torch.long)
    for row in range(n):
        picks = [int(torch.randint(len(words), (1,), generator=gen)) for words in FIELDS.values()]
        words = [names[i] for names, i in zip(FIELDS.values(), picks)]
        words += [FILLER[i] for i in torch.randint(len(FILLER), (int(torch.randint(4, 8, (1,), generator=gen)),), generator=gen)]
        order = torch.randperm(len(words), generator=gen).tolist()
        src[row, :len(words)] = torch.tensor([SRC.index(words[i]) for i in order])
        src[row, len(words)] = 1
        tgt[row, :-1] = torch.tensor([TGT.index(f"{name[0]}{i}") for name, i in zip(FIELDS, picks)])
    return src, tgt
