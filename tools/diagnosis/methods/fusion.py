"""misrun's own method: the weighed evidence of text, series, settings and code, with weights learned from cases.

Fitted by maximum likelihood of a conditional logit (fusion.py has the model) with a Gaussian prior around the unfitted
weights, by Newton's method: the likelihood is concave, so that the optimum is unique and needs no tuning but the prior.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from misrun.tools.diagnosis.evidence_scorer import diagnose, grounds_of
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import KINDS, Fusion, evidence
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Case
from misrun.tools.diagnosis.taxonomy import UNKNOWN, category_of

Floats = NDArray[np.float64]
CATEGORIES = ("memory_hardware", "optimization", "data_pipeline", "model_software", "healthy")
# Standard deviation of the prior on every weight around its unfitted value: kinds may be off by half of what the clues
# say, a category or "something else" by a third of one clue of "usually". A judgement, not measured yet.
PRIOR_KIND, PRIOR_OFFSET = 0.5, 1.0
# Newton's method on fewer than a dozen weights settles in about six steps.
_STEPS = 30
_SETTLED = 1e-8


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
    """The weights under which the cases' labels are most likely, held near the unfitted ones by the prior.

    A case whose label no evidence speaks for at all counts as "something else": that is what misrun should say of it.
    """
    tables = [_table(case) for case in cases]
    centre, deviation = _prior()
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
    return _fusion(weights)


def _table(case: Case) -> tuple[Floats, int]:
    """One row per mode with any evidence, the last for "something else"; and the row of the label."""
    grounds = grounds_of(case.facts)
    modes = sorted(grounds)
    rows = np.zeros((len(modes) + 1, len(KINDS) + len(CATEGORIES) + 1))
    for row, mode in zip(rows, modes, strict=False):
        for kind, amount in evidence(grounds[mode]).items():
            row[KINDS.index(kind)] = amount
        row[len(KINDS) + CATEGORIES.index(category_of(mode))] = 1.0
    rows[-1, -1] = 1.0
    told = case.mode in modes and case.mode != UNKNOWN
    return rows, modes.index(case.mode) if told else len(modes)


def _prior() -> tuple[Floats, Floats]:
    unfitted = Fusion()
    centre = [*(unfitted.kinds[kind] for kind in KINDS), *(0.0 for _ in CATEGORIES), unfitted.unknown]
    deviation = [*(PRIOR_KIND for _ in KINDS), *(PRIOR_OFFSET for _ in CATEGORIES), PRIOR_OFFSET]
    return np.asarray(centre), np.asarray(deviation)


def _softmax(scores: Floats) -> Floats:
    shares = np.exp(scores - scores.max())
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _fusion(weights: Floats) -> Fusion:
    rounded = [round(float(weight), 4) for weight in weights]
    kinds = dict(zip(KINDS, rounded, strict=False))
    categories = dict(zip(CATEGORIES, rounded[len(KINDS) :], strict=False))
    return Fusion(kinds=kinds, categories=categories, unknown=rounded[-1])
