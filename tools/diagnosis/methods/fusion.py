"""misrun's own method: the weight of evidence (evidence_scorer.py) with what is fitted of it (diagnosis/fusion.py).

Fitted is, for each footing, how often an answer of a given likelihood is right, and from which likelihood on to answer.
The weights of the clues are not: with weights fitted per kind of evidence, held near 1 or not, with offsets per category
or without, no more held-out runs were told right without others being told worse (docs/MODEL_CARD.md).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from misrun.tools.diagnosis.evidence_scorer import diagnose, may_be_told
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import ABSTAIN_BELOW, FOOTINGS, Calibration, Footing, Fusion, footing_of, logit
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Case
from misrun.tools.diagnosis.partial import console_logs, last_lines
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.signals.measure import measure

Floats = NDArray[np.float64]
# The threshold that is tried instead of the unfitted one. It is lower: a fit may tell more, but withholds nothing that is
# told without it. At 0.50 two more of the 220 healthy development runs would be told a failure; at 0.55 none is.
_LOWER = 0.55
# Telling is worth it where it is right with at least ABSTAIN_BELOW: a wrong answer then costs as much as 1.5 right ones
# bring (Chow 1970, "On optimum recognition error and reject tradeoff").
_COST_OF_WRONG = ABSTAIN_BELOW / (1.0 - ABSTAIN_BELOW)
# Standard deviations of the Gaussian priors of slope (around 1) and offset (around 0): held near the unfitted likelihoods.
# Between half and four times these the held-out calibration error stays within 0.04 (misrun.evals.held_out).
_PRIOR = np.asarray([0.25, 0.5])
_CENTRE = np.asarray([1.0, 0.0])


class Answer(NamedTuple):
    """One answer that could be told of a run seen through a view: the likelihood of its category, whether that is right,
    and what it counts."""

    view: str
    footing: Footing
    likelihood: float
    right: bool
    weight: float


class FusionMethod:
    """Calibrated on the cases it is fitted on; before `fit`, as it comes with misrun."""

    name = "misrun"

    def __init__(self) -> None:
        self.fusion: Fusion | None = None

    def fit(self, cases: Sequence[Case]) -> None:
        self.fusion = fit_fusion(cases)

    def predict(self, facts: Facts) -> Diagnosis:
        return diagnose(facts, self.fusion)


def fit_fusion(cases: Sequence[Case]) -> Fusion:
    """Threshold and calibration of every footing, from each case seen whole, by its logs alone, and by their last
    lines."""
    return calibrated_on([answer for case in cases for answer in answers_of(case)])


def calibrated_on(answers: Sequence[Answer]) -> Fusion:
    """The fusion that these answers call for."""
    return Fusion(calibrations={f: _calibration([a for a in answers if a.footing == f]) for f in FOOTINGS})


def answers_of(case: Case) -> list[Answer]:
    """What could be told of a case through each view, from the lowest threshold on."""
    accepted = {category_of(mode) for mode in (case.mode, *case.also)}
    found = []
    for view, facts in _views(case.facts).items():
        leading = may_be_told(facts, Fusion())
        if leading is not None and leading[1] >= _LOWER:
            found.append(Answer(view, footing_of(facts), leading[1], leading[0] in accepted, case.weight))
    return found


def _views(facts: Facts) -> dict[str, Facts]:
    logs, tail = console_logs(facts.run), last_lines(facts.run)
    return {"whole": facts, "logs alone": Facts(logs, measure(logs)), "last lines": Facts(tail, measure(tail))}


def _calibration(answers: Sequence[Answer]) -> Calibration:
    told_from = _LOWER if _is_worth_telling([a for a in answers if a.likelihood < ABSTAIN_BELOW]) else ABSTAIN_BELOW
    slope, offset = _platt([a for a in answers if a.likelihood >= told_from])
    return Calibration(told_from=told_from, slope=round(float(slope), 4), offset=round(float(offset), 4))


def _is_worth_telling(answers: Sequence[Answer]) -> bool:
    """Whether telling these brings more than it costs by over two standard errors, so that it is hardly chance."""
    gains = [a.weight if a.right else -_COST_OF_WRONG * a.weight for a in answers]
    return sum(gains) > 2.0 * math.sqrt(sum(gain * gain for gain in gains))


def _platt(answers: Sequence[Answer]) -> Floats:
    """Slope and offset under which the outcomes are likeliest, held near (1, 0) by the prior; the negative logarithm of
    that is convex, so that the optimum is unique."""
    from scipy.optimize import minimize

    rows = np.asarray([[logit(a.likelihood), 1.0] for a in answers]).reshape(-1, 2)
    signs = np.asarray([1.0 if a.right else -1.0 for a in answers])
    weights = np.asarray([a.weight for a in answers])

    def loss(fitted: Floats) -> tuple[float, Floats]:
        margins = signs * (rows @ fitted)
        away = (fitted - _CENTRE) / _PRIOR
        wrong = weights * signs / (1.0 + np.exp(margins))
        return float(weights @ np.logaddexp(0.0, -margins) + away @ away / 2), away / _PRIOR - rows.T @ wrong

    return np.asarray(minimize(loss, _CENTRE, jac=True, method="BFGS").x, dtype=np.float64)
