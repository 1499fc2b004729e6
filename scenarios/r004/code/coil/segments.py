"""Coiled-coil segments: seven-residue repeats a-g with a preference per position, register unknown to the model."""
import numpy as np
import torch

ALPHABET = "ARNDCQEGHILKMFPSTWYV"
# favourite residues of heptad positions a..g, most frequent first
HEPTAD = ("LIVA", "EKQR", "KEAS", "LAIM", "EKQD", "QSKN", "KREA")
SHARE = (0.5, 0.22, 0.12, 0.08)
OTHER = 1.0 - sum(SHARE)


def position_table():
    table = np.full((7, len(ALPHABET)), OTHER / len(ALPHABET))
    for row, favourites in zip(table, HEPTAD):
        for residue, share in zip(favourites, SHARE):
            row[ALPHABET.index(residue)] += share
    return table / table.sum(1, keepdims=True)


def draw_segments(n, length, seed):
    rng = np.random.default_rng(seed)
    cumulative = position_table().cumsum(1)
    register = (rng.integers(0, 7, (n, 1)) + np.arange(length)) % 7
    u = rng.random((n, length, 1))
    ids = (u > cumulative[register]).sum(-1).clip(0, len(ALPHABET) - 1)
    return torch.from_numpy(ids)


def to_string(ids):
    return "".join(ALPHABET[i] for i in ids)
