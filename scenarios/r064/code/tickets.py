"""Maintenance tickets of lifts: what the technician typed, and the assembly that was replaced in the end."""
import numpy as np
import torch

ASSEMBLIES = ["door", "drive", "brake", "rope", "controller", "cabin"]
SIGNS = {
    "door": "sill roller closes reopens gap sensor curtain jams landing".split(),
    "drive": "motor hum belt gearbox oil vibration overheats inverter coupling".split(),
    "brake": "slips lining late levelling squeal stopping distance coil drag".split(),
    "rope": "strand wear sheave slack tension groove rouge elongation lay".split(),
    "controller": "relay board display error reboot call lost fuse terminal".split(),
    "cabin": "light fan mirror handrail panel button intercom floor smell".split(),
}
TALK = [f"{a}{b}" for a in ("site", "visit", "unit", "floor", "note", "ref", "key", "shift") for b in range(12)]
WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"] + sorted({w for signs in SIGNS.values() for w in signs} | set(TALK))
INDEX = {w: i for i, w in enumerate(WORDS)}


def write_ticket(rng, shortest, longest):
    label = int(rng.integers(len(ASSEMBLIES)))
    n = int(rng.integers(shortest, longest + 1))
    words = [TALK[k] for k in rng.integers(len(TALK), size=n)]
    # three to six words about the part itself, one about some other part
    spots = rng.permutation(n)
    for spot in spots[: rng.integers(3, 7)]:
        words[spot] = rng.choice(SIGNS[ASSEMBLIES[label]])
    words[spots[-1]] = rng.choice(SIGNS[ASSEMBLIES[int(rng.integers(len(ASSEMBLIES)))]])
    return words, label


def tokenize(words, context):
    ids = [INDEX["[CLS]"]] + [INDEX.get(w, INDEX["[UNK]"]) for w in words] + [INDEX["[SEP]"]]
    return ids[:context]


def tickets(n, seed, shortest, longest):
    rng = np.random.default_rng(seed)
    return [write_ticket(rng, shortest, longest) for _ in range(n)]


def to_batch(rows, context):
    """ids (rows x context) with [PAD] up to the model's context, and labels."""
    ids = torch.zeros(len(rows), context, dtype=torch.long)
    for k, (words, _) in enumerate(rows):
        tokens = tokenize(words, context)
        ids[k, : len(tokens)] = torch.tensor(tokens)
    return ids, torch.tensor([label for _, label in rows])
