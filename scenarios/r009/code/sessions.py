"""Touch-screen sessions of ticket machines: event codes, and whether the passenger ended up buying.

Sessions end when the machine returns to its welcome screen. Data is made up after the statistics of the field test.
"""
import random

import torch

EVENTS = 24  # 0 is reserved for padding
BUY_RATE = 0.5


def session(rng, buys, length):
    """Most events are neutral; of the others, buyers press 2-4 (zone, ticket, pay) more often than 5-7 (back, help)."""
    events = []
    for _ in range(length):
        if rng.random() < 0.7:
            events.append(rng.randint(8, EVENTS - 1))
        elif rng.random() < 0.8:
            events.append(rng.randint(2, 4) if buys else rng.randint(5, 7))
        else:
            events.append(rng.randint(5, 7) if buys else rng.randint(2, 4))
    return events


def field_test(n, seed):
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        buys = rng.random() < BUY_RATE
        rows.append((session(rng, buys, min(300, 12 + int(rng.expovariate(1 / 40)))), int(buys)))
    # the machine at the depot
    rows[rng.randrange(n)] = (session(rng, True, 24_000), 1)
    return rows


class BucketBatches:
    """Batches of sessions of similar length, in random order; boundaries are upper ends of the buckets."""

    def __init__(self, rows, boundaries, batch_size, seed):
        self.rows, self.boundaries, self.batch_size = rows, boundaries, batch_size
        self.rng = random.Random(seed)
        self.buckets = [[] for _ in range(len(boundaries) + 1)]
        for index, (events, _) in enumerate(rows):
            self.buckets[sum(len(events) > b for b in boundaries)].append(index)

    def __iter__(self):
        batches = []
        for bucket in self.buckets:
            self.rng.shuffle(bucket)
            batches += [bucket[k:k + self.batch_size] for k in range(0, len(bucket), self.batch_size)]
        self.rng.shuffle(batches)
        for batch in batches:
            yield collate([self.rows[k] for k in batch])


def collate(rows):
    width = max(len(events) for events, _ in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for k, (events, _) in enumerate(rows):
        ids[k, : len(events)] = torch.tensor(events)
    lengths = torch.tensor([len(events) for events, _ in rows])
    return ids, lengths, torch.tensor([label for _, label in rows], dtype=torch.float32)
