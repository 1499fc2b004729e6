import numpy as np
import torch


def cooccurrence_vectors(ids, vocab, dim, window=3):
    """Positive pointwise mutual information, factorised; rows have the usual embedding scale."""
    counts = np.zeros((vocab, vocab))
    ids = np.asarray(ids)
    for d in range(1, window + 1):
        np.add.at(counts, (ids[:-d], ids[d:]), 1)
        np.add.at(counts, (ids[d:], ids[:-d]), 1)
    total = counts.sum()
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.nan_to_num(np.log(counts / expected), neginf=0.0, posinf=0.0)
    u, s, _ = np.linalg.svd(np.maximum(pmi, 0.0))
    rows = u[:, :dim] * np.sqrt(s[:dim])
    return torch.tensor(rows / rows.std() * 0.1, dtype=torch.float32)
