"""misrun's own method: the weighed evidence of text, series, settings and code, with weights learned from cases.

Fitted by maximum likelihood of a conditional logit (diagnosis/fusion.py has the model) with a Gaussian prior around the
unfitted weights, by Newton's method: the likelihood is concave, so that the optimum is unique. How far the weights may
stray from what the clues say is chosen inside the training cases, on modes that were left out (nested tuning).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from misrun.tools.diagnosis.evidence_scorer import diagnose, grounds_of
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import KINDS, Fusion, evidence
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Case
from misrun.tools.diagnosis.taxonomy import HEALTHY, UNKNOWN, category_of

Floats = NDArray[np.float64]
CATEGORIES = ("memory_hardware", "optimization", "data_pipeline", "model_software", "healthy")
# Newton's method on a dozen weights settles in about six steps.
_STEPS = 30
_SETTLED = 1e-8
# Folds of the nested tuning; fewer than the outer five, because a fold of few modes tells little.
_INNER = 4


class Prior(NamedTuple):
    """Standard deviations around the unfitted weights: of the weight of a kind of evidence, and of an offset."""

    kind: float
    offset: float


# From "a kind may be off by a quarter of what the clues say" to "by all of it"; offsets from a hint to a clue of "often".
PRIORS = tuple(Prior(kind, offset) for kind in (0.25, 0.5, 1.0) for offset in (0.5, 1.0, 2.0))


class _Table(NamedTuple):
    """One case: a row per mode with any evidence, the last for "something else", and the row of its label."""

    rows: Floats
    label: int


class FusionMethod:
    """Weighs misrun's evidence with weights fitted on the cases; before `fit`, with those that come with misrun."""

    name = "misrun"

    def __init__(self) -> None:
        self.fusion: Fusion | None = None

    def fit(self, cases: Sequence[Case]) -> None:
        self.fusion = fit_fusion(cases)

    def predict(self, facts: Facts) -> Diagnosis:
        return diagnose(facts, self.fusion)


def fit_fusion(cases: Sequence[Case]) -> Fusion:
    """The weights under which the cases' labels are most likely, held near the unfitted ones by the tuned prior.

    A case whose label no evidence speaks for at all counts as "something else": that is what misrun should say of it.
    """
    tables = [_table(case) for case in cases]
    folds = _inner_folds(cases)
    best = max(PRIORS, key=lambda prior: _held_out_likelihood(tables, folds, prior))
    return _fusion(_fitted(tables, best))


def _inner_folds(cases: Sequence[Case]) -> list[int]:
    """The fold of every case: whole modes, healthy and undeterminable cases one by one."""
    numbers: dict[str, int] = {}
    singles = 0
    folds = []
    for case in cases:
        if case.mode in (HEALTHY, UNKNOWN):
            singles += 1
            folds.append(singles % _INNER)
        else:
            folds.append(numbers.setdefault(case.mode, len(numbers)) % _INNER)
    return folds


def _held_out_likelihood(tables: Sequence[_Table], folds: Sequence[int], prior: Prior) -> float:
    """Summed log-likelihood of every case's label under weights fitted without its fold."""
    total = 0.0
    for fold in range(_INNER):
        weights = _fitted([t for t, own in zip(tables, folds, strict=True) if own != fold], prior)
        held = (t for t, own in zip(tables, folds, strict=True) if own == fold)
        total += sum(float(_log_softmax(t.rows @ weights)[t.label]) for t in held)
    return total


def _fitted(tables: Sequence[_Table], prior: Prior) -> Floats:
    centre, deviation = _centre(), _deviation(prior)
    weights = centre.copy()
    for _ in range(_STEPS):
        gradient = -(weights - centre) / deviation**2
        hessian = -np.diag(1.0 / deviation**2)
        for rows, label in tables:
            shares = _softmax(rows @ weights)
            mean = shares @ rows
            gradient += rows[label] - mean
            hessian -= (rows * shares[:, None]).T @ rows - np.outer(mean, mean)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step
        if np.abs(step).max() < _SETTLED:
            break
    return weights


def _table(case: Case) -> _Table:
    grounds = grounds_of(case.facts)
    modes = sorted(grounds)
    rows = np.zeros((len(modes) + 1, len(KINDS) + len(CATEGORIES) + 1))
    for row, mode in zip(rows, modes, strict=False):
        for kind, amount in evidence(grounds[mode]).items():
            row[KINDS.index(kind)] = amount
        row[len(KINDS) + CATEGORIES.index(category_of(mode))] = 1.0
    rows[-1, -1] = 1.0
    told = case.mode in modes and case.mode != UNKNOWN
    return _Table(rows, modes.index(case.mode) if told else len(modes))


def _centre() -> Floats:
    unfitted = Fusion()
    return np.asarray([*(unfitted.kinds[kind] for kind in KINDS), *(0.0 for _ in CATEGORIES), unfitted.unknown])


def _deviation(prior: Prior) -> Floats:
    return np.asarray([*(prior.kind for _ in KINDS), *(prior.offset for _ in CATEGORIES), prior.offset])


def _softmax(scores: Floats) -> Floats:
    return np.asarray(np.exp(_log_softmax(scores)), dtype=np.float64)


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float64)


def _fusion(weights: Floats) -> Fusion:
    rounded = [round(float(weight), 4) for weight in weights]
    kinds = dict(zip(KINDS, rounded, strict=False))
    categories = dict(zip(CATEGORIES, rounded[len(KINDS) :], strict=False))
    return Fusion(kinds=kinds, categories=categories, unknown=rounded[-1])
