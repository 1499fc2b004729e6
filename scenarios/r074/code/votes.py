"""Vote shares of volunteers on galaxy images, predicted from 12 catalogue measurements."""
import numpy as np
import torch

ANSWERS = ["smooth", "featured", "edge-on", "merger", "artifact"]
FEATURES = 12
# answer tendencies per measurement: the same survey, hence the same table for every draw
_table = np.random.default_rng(2007)
WEIGHTS = 0.55 * _table.standard_normal((FEATURES, len(ANSWERS)))
PAIRS = 0.45 * _table.standard_normal((FEATURES // 2, len(ANSWERS)))


def shares_of(x):
    score = x @ WEIGHTS + (x[:, ::2] * x[:, 1::2]) @ PAIRS
    e = np.exp(score - score.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def catalogue(n, volunteers, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, FEATURES))
    counts = np.stack([rng.multinomial(volunteers, p) for p in shares_of(x)])
    votes = counts / volunteers
    return torch.tensor(x, dtype=torch.float32), torch.tensor(votes, dtype=torch.float32)
