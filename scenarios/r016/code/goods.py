"""Goods descriptions from customs declarations and their tariff chapter."""
import numpy as np
import torch

CHAPTERS = {
    "61": "knitted cotton jersey pullover socks rib hosiery".split(),
    "64": "sole leather upper boots sandals laced footwear".split(),
    "73": "steel bolts screws flange pipe fittings threaded".split(),
    "84": "pump compressor bearing valve gearbox machine".split(),
    "85": "cable transformer battery charger resistor relay".split(),
    "94": "chair mattress cushion shelf drawer lamp".split(),
    "95": "puzzle doll kite skates racket bingo".split(),
}
COMMON = [f"{p}{k}" for p in ("lot", "pcs", "box", "ref", "net", "col", "typ", "set") for k in range(10)]
VOCAB = ["[PAD]", "[CLS]", "[SEP]", "[MASK]"] + sorted({w for ws in CHAPTERS.values() for w in ws}) + COMMON
ID = {w: i for i, w in enumerate(VOCAB)}
LABELS = list(CHAPTERS)
WIDTH = 16


def declarations(n, seed):
    rng = np.random.default_rng(seed)
    ids, labels = torch.zeros(n, WIDTH, dtype=torch.long), torch.zeros(n, dtype=torch.long)
    for row in range(n):
        y = int(rng.integers(len(LABELS)))
        words = list(rng.choice(CHAPTERS[LABELS[y]], rng.integers(2, 5)))
        words += list(rng.choice(CHAPTERS[LABELS[int(rng.integers(len(LABELS)))]], 1))
        words += list(rng.choice(COMMON, rng.integers(2, 9)))
        rng.shuffle(words)
        tokens = ["[CLS]", *words[: WIDTH - 2], "[SEP]"]
        ids[row, : len(tokens)] = torch.tensor([ID[w] for w in tokens])
        labels[row] = y
    return ids, labels
