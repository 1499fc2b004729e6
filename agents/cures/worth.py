"""What a step is worth: the likelihood that it cures per effort, and what its outcome would tell."""

import math
from collections.abc import Mapping

from misrun.agents.step import Effort
from misrun.tools.diagnosis.hypothesis import Diagnosis

# A person's time and attention against that of changing one setting. Judged, not measured: only the order and the rough
# ratios matter, and a step that needs hours has to be four times as likely to cure to come first.
EFFORT_COST: dict[Effort, float] = {
    "config change": 1.0,
    "one line": 1.0,
    "code change": 1.5,
    "new run": 2.0,
    "hours": 4.0,
}
# A step whose edit is written out can be tried on a copy as it stands: half of changing a setting by hand. Judged, too.
WRITTEN_COST = 0.5
# The hypotheses leave a rest: causes that nobody named.
REST = ""
# A cure that "works" although its mode is not the cause: by luck or by a change that came along with it.
BY_CHANCE = 0.02
# A cure that hides another mode makes the symptom go away about every other time.
HIDING = 0.5
# A measurement shows its mode where it is and not where it is not, but for slips of the one who measures.
MEASURED_RIGHT = 0.95


def priors_of(diagnosis: Diagnosis) -> dict[str, float]:
    """Probability per mode still in question, and of the rest; adds up to 1."""
    open_modes = {h.mode: h.likelihood for h in diagnosis.hypotheses if h.status != "eliminated" and h.likelihood > 0}
    total = sum(open_modes.values())
    scale = max(1.0, total)  # likelihoods add up to at most 1; a rounding above it must not make the rest negative
    return {mode: value / scale for mode, value in open_modes.items()} | {REST: max(0.0, 1 - total)}


def cure_likelihood(priors: Mapping[str, float], modes: Mapping[str, float]) -> float:
    """Probability that the step cures: over its modes, that the mode is the cause times that the cure works then."""
    return sum(priors.get(mode, 0.0) * chance for mode, chance in modes.items())


def outcomes_of_cure(
    priors: Mapping[str, float], modes: Mapping[str, float], hides: tuple[str, ...]
) -> dict[str, float]:
    """Probability per cause that the symptom is gone after the step."""
    return {m: modes.get(m) or (HIDING if m in hides else BY_CHANCE) for m in priors}


def outcomes_of_measurement(priors: Mapping[str, float], modes: Mapping[str, float]) -> dict[str, float]:
    """Probability per cause that the measurement shows one of its modes."""
    return {m: MEASURED_RIGHT if m in modes else 1 - MEASURED_RIGHT for m in priors}


def diagnostic_value(priors: Mapping[str, float], positive: Mapping[str, float]) -> float:
    """Expected reduction of the entropy over the causes by one yes-or-no outcome, as a share (0..1) of the largest
    entropy that many causes can have (Lindley 1956, "On a measure of the information provided by an experiment")."""
    if len(priors) < 2:
        return 0.0
    yes = {mode: prior * positive[mode] for mode, prior in priors.items()}
    no = {mode: prior - yes[mode] for mode, prior in priors.items()}
    gained = _entropy(priors) - sum(sum(part.values()) * _entropy(part) for part in (yes, no))
    return max(0.0, min(1.0, gained / math.log2(len(priors))))


def _entropy(weights: Mapping[str, float]) -> float:
    """Entropy in bits of weights that need not add up to 1."""
    total = sum(weights.values())
    return -sum(w / total * math.log2(w / total) for w in weights.values() if w > 0) if total > 0 else 0.0


def score(likelihood: float, effort: Effort, value: float, *, written: bool = False) -> float:
    """What the steps are ordered by: likelihood of a cure per effort, plus what the outcome tells."""
    return likelihood / (WRITTEN_COST if written else EFFORT_COST[effort]) + value
