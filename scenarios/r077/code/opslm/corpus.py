"""Operator notes from a ticket system, written by a small grammar: same shape as ours, nothing confidential in it."""
import random

ACTIONS = ["restarted", "drained", "patched", "rebooted", "replaced", "cordoned", "resized", "migrated", "checked"]
PARTS = ["the node", "the pod", "the disk", "the router", "the cache", "the gateway", "the queue", "the replica"]
REASONS = ["after high load", "because of a stale lock", "following the runbook", "due to packet loss",
           "before the release", "as asked by the on call team", "since the probe kept failing"]
RESULTS = ["traffic is back to normal", "waiting for confirmation", "closing this ticket", "error rate is flat",
           "will watch it until tomorrow", "no customer impact seen", "handed over to the next shift"]
SITES = ["ams", "fra", "dub", "lhr", "waw", "mil"]


def host_names(rng, count):
    """Host names with a long tail: some racks are in the tickets every day, some hardly ever."""
    names = [f"{rng.choice(SITES)}-{kind}{n:02d}" for kind in ("web", "db", "kv", "edge") for n in range(count // 4)]
    rng.shuffle(names)
    return names, [1.0 / (rank + 1) ** 1.3 for rank in range(len(names))]


def write_notes(count, seed, hosts=120):
    rng = random.Random(seed)
    names, weights = host_names(rng, hosts)
    notes = []
    for _ in range(count):
        host = rng.choices(names, weights)[0]
        words = f"{rng.choice(ACTIONS)} {rng.choice(PARTS)} on {host} {rng.choice(REASONS)} ,"
        notes.append(f"{words} {rng.choice(RESULTS)} .".split())
    return notes
