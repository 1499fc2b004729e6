"""From scores to likelihoods: a soft-max over the failure modes, then what a fit on labelled runs makes of it.

Every mode m has the score  sum of the log-odds of its grounds  (clues/), "something else" a fixed one; the soft-max of
the scores (a conditional logit, McFadden 1974, with weights of 1) ranks the modes. Two things about the leading category
are fitted (diagnosis/methods/fusion.py), and neither changes the order of the modes: from which likelihood on it is told,
and how often an answer of that likelihood is right. Both depend on what the answer can rest on (`Footing`): a run whose
code was read and that looks healthy is healthy more often than one of which only curves are known.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Ground
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.record import Record

Footing = Literal["error", "code", "curves"]
FOOTINGS: tuple[Footing, ...] = ("error", "code", "curves")
# The paper's threshold for telling a diagnosis at all (section 4.2, tau).
ABSTAIN_BELOW = 0.60
# The score of "something else": beaten clearly (0.82) by one clue of "usually this mode" (3.0), a judgement.
_UNKNOWN = 1.5
SHIPPED = Path(__file__).with_name("fusion.json")


class Calibration(Record):
    """For one footing: the category is told from `told_from` on (0..1, of the likelihood before calibration), and is
    then right with  sigmoid(slope * logit(likelihood) + offset)  (Platt scaling on the logit: Platt 1999; Guo et al.
    2017, section 4)."""

    told_from: float = ABSTAIN_BELOW
    slope: float = 1.0
    offset: float = 0.0

    def share_right(self, likelihood: float) -> float:
        """How often an answer of this likelihood is right: at least ABSTAIN_BELOW, which is what telling it says."""
        return max(ABSTAIN_BELOW, _sigmoid(self.slope * logit(likelihood) + self.offset))


class Fusion(Record):
    """The calibration of each footing; by default nothing is fitted."""

    calibrations: dict[Footing, Calibration] = {footing: Calibration() for footing in FOOTINGS}

    def likelihoods(self, grounds: Mapping[str, Sequence[Ground]]) -> dict[str, float]:
        """Soft-max over the modes and "something else"; the latter's share is left out, so the sum stays below 1."""
        scores = {mode: sum(ground.weight for ground in found) for mode, found in grounds.items()}
        top = max([_UNKNOWN, *scores.values()])
        shares = {mode: math.exp(score - top) for mode, score in scores.items()}
        total = sum(shares.values()) + math.exp(_UNKNOWN - top)
        return {mode: share / total for mode, share in shares.items()}

    def told_from(self, footing: Footing) -> float:
        """The likelihood from which on a category is told."""
        return self.calibrations[footing].told_from

    def calibrated(self, likelihoods: Mapping[str, float], category: str, footing: Footing) -> dict[str, float]:
        """The likelihoods with that of the told category as often right as it says; modes within it keep their
        proportions, the others share what is left and gain nothing on it."""
        told = sum(share for mode, share in likelihoods.items() if category_of(mode) == category)
        right = self.calibrations[footing].share_right(told)
        inside = right / told
        outside = min(inside, (1.0 - right) / (1.0 - told)) if told < 1.0 else 1.0
        return {
            mode: share * (inside if category_of(mode) == category else outside) for mode, share in likelihoods.items()
        }


def footing_of(facts: Facts) -> Footing:
    """What an answer about the run can rest on: the error that ended it, else its code, else only what it printed."""
    if facts.root is not None:
        return "error"
    return "code" if facts.run.code else "curves"


def by_category(likelihoods: Mapping[str, float]) -> dict[str, float]:
    """The summed likelihoods of each category's modes."""
    found: dict[str, float] = {}
    for mode, likelihood in likelihoods.items():
        found[category_of(mode)] = found.get(category_of(mode), 0.0) + likelihood
    return found


def logit(share: float) -> float:
    """ln(p / (1 - p)) of a likelihood, bounded to +-14 (a millionth from 0 or 1)."""
    bounded = min(max(share, 1e-6), 1.0 - 1e-6)
    return math.log(bounded / (1.0 - bounded))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


@cache
def shipped() -> Fusion:
    """The fitted calibration that comes with misrun (`python -m misrun.evals.fit` writes it)."""
    return Fusion.model_validate(json.loads(SHIPPED.read_text("utf-8"))["fusion"])
