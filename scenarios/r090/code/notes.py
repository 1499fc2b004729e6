"""Call-centre notes in shorthand tokens, each with the queue it belongs to."""
import torch

QUEUES = ["billing", "outage", "moving", "contract"]
PAD, CLS, SEP = 0, 1, 2
SHARED, OWN = 30, 12
VOCAB = 3 + SHARED + OWN * len(QUEUES)
LENGTH = 14


def make_notes(n, generator):
    """ids (n, LENGTH), mask of real tokens, queue (n,)."""
    queue = torch.randint(len(QUEUES), (n,), generator=generator)
    words = torch.randint(SHARED, (n, LENGTH - 2), generator=generator)
    own = SHARED + queue[:, None] * OWN + torch.randint(OWN, (n, LENGTH - 2), generator=generator)
    words = torch.where(torch.rand(n, LENGTH - 2, generator=generator) < 0.3, own, words) + 3
    length = torch.randint(7, LENGTH - 1, (n, 1), generator=generator)
    place = torch.arange(LENGTH - 2)
    words = torch.where(place < length, words, torch.where(place == length, SEP, PAD))
    last = torch.where(length == LENGTH - 2, SEP, PAD)
    ids = torch.cat([torch.full((n, 1), CLS), words, last], 1)
    return ids, ids != PAD, queue
