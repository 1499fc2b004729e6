"""Peptide spectra in plain text, several hundred to a file, as the instrument's export writes them.

    >spectrum 17 KVMTAYDD
    i 0.1023 0.0034 ...        intensities of the fragment scan
    t 21.33 21.34 ...          retention profile
"""

from pathlib import Path

import numpy as np

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
PAD, CLS, SEP, MASK = range(4)
FIRST = 4
VOCABULARY = FIRST + len(RESIDUES)


def peptides(count, seed):
    """Chains in which each residue is followed, mostly, by one that its predecessor allows."""
    rng = np.random.default_rng([seed, 1])
    follow = np.random.default_rng(31).permutation(len(RESIDUES))
    out = []
    for _ in range(count):
        length = int(rng.integers(14, 23))
        chain = [int(rng.integers(len(RESIDUES)))]
        while len(chain) < length:
            chain.append(int(follow[chain[-1]]) if rng.random() < 0.92 else int(rng.integers(len(RESIDUES))))
        out.append("".join(RESIDUES[r] for r in chain))
    return out


def write_shards(folder, chains, per_shard, points, seed):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, 2])
    scans = [" ".join(f"{v:.4f}" for v in rng.gamma(0.4, 1.0, points)) for _ in range(24)]
    profiles = [" ".join(f"{v:.2f}" for v in 20 + rng.random(points)) for _ in range(24)]
    for number, start in enumerate(range(0, len(chains), per_shard)):
        with open(folder / f"part-{number:03d}.txt", "w") as stream:
            for index, chain in enumerate(chains[start : start + per_shard], start):
                stream.write(f">spectrum {index} {chain}\n")
                stream.write(f"i {scans[index % 24]}\nt {profiles[index % 24]}\n")


def read_shard(path):
    entries = []
    for line in path.read_text().splitlines():
        if line.startswith(">"):
            entries.append({"chain": line.split()[2]})
        else:
            entries[-1][line[0]] = np.array([float(value) for value in line[2:].split()])
    return entries


class ShardedChains:
    """Batches of token rows; one file is in memory at a time, its spectra in random order."""

    def __init__(self, folder, batch_size, length, seed):
        self.paths = sorted(Path(folder).glob("part-*.txt"))
        self.batch_size, self.length = batch_size, length
        self.rng = np.random.default_rng([seed, 3])

    def __iter__(self):
        for path in self.paths:
            entries = read_shard(path)
            order = self.rng.permutation(len(entries))
            for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
                yield token_rows([entries[i]["chain"] for i in order[start : start + self.batch_size]], self.length)


def token_rows(chains, length):
    rows = np.full((len(chains), length), PAD, dtype=np.int64)
    for row, chain in zip(rows, chains):
        ids = [CLS, *(FIRST + RESIDUES.index(r) for r in chain), SEP]
        row[: len(ids)] = ids
    return rows


def hide(rows, share, rng):
    """Rows with `share` of the residues masked, and the labels (-100 elsewhere)."""
    chosen = (rows >= FIRST) & (rng.random(rows.shape) < share)
    return np.where(chosen, MASK, rows), np.where(chosen, rows, -100)
