"""How the kinds of evidence are weighed against each other: a conditional logit over the failure modes.

Every mode m has the score  b[category(m)] + sum over kinds k of w[k] * E[m, k],  where E[m, k] is the log-odds that
text, series, settings, code and reported attempts together give it (clues.py); "something else" has a fixed score.
Likelihoods are the soft-max of the scores. The weights belong to kinds of evidence and not to modes, so that they hold
for modes that no training case had (McFadden 1974, "Conditional logit analysis", gives the model and its concavity).
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from misrun.tools.diagnosis.facts import ERROR
from misrun.tools.diagnosis.hypothesis import Ground
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.record import Record
from misrun.tools.signals.catalogue import CATALOGUE

KINDS = ("text", "report", "series", "settings", "code", "tried")
# Signals that are read off the configuration and not off what the run did.
_SETTINGS = frozenset({
    "config_conflict", "lr_high", "lr_low", "lr_no_warmup", "half_precision", "lr_constant_under_schedule",
    "vocabulary_exceeds_embedding", "labels_exceed_classes", "oov_high", "weight_decay_high", "dropout_high",
    "optimizer_unusual",
})  # fmt: skip
# Unfitted: every kind counts as its clues say, and "a cause not listed" is beaten clearly (0.82) by one clue of
# "usually this mode" (3.0).
_UNFITTED_UNKNOWN = 1.5
SHIPPED = Path(__file__).with_name("fusion.json")


class Fusion(Record):
    """The weights: per kind of evidence, per category of the mode, and the score of "something else"."""

    kinds: dict[str, float] = dict.fromkeys(KINDS, 1.0)
    categories: dict[str, float] = {}
    unknown: float = _UNFITTED_UNKNOWN

    def score(self, mode: str, grounds: Sequence[Ground]) -> float:
        """The score of one mode from its grounds."""
        by_kind = evidence(grounds)
        return self.categories.get(category_of(mode), 0.0) + sum(self.kinds[k] * e for k, e in by_kind.items())

    def weighed(self, ground: Ground) -> Ground:
        """The ground with the weight it really has here."""
        return ground.model_copy(update={"weight": round(ground.weight * self.kinds[kind_of(ground.source)], 3)})

    def likelihoods(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Soft-max over the modes and "something else"; the latter's share is left out, so the sum stays below 1."""
        top = max([self.unknown, *scores.values()])
        shares = {mode: math.exp(score - top) for mode, score in scores.items()}
        total = sum(shares.values()) + math.exp(self.unknown - top)
        return {mode: share / total for mode, share in shares.items()}


def kind_of(source: str) -> str:
    """The kind of evidence that a ground's source is: an event, something the user said, a series, a setting, a code
    check, or a reported attempt."""
    if source.startswith(f"{ERROR}said_"):
        return "report"
    if source.startswith(ERROR) or source in ("traceback_root", "exit_code", "killed_by_signal"):
        return "text"
    if source in _SETTINGS:
        return "settings"
    if source == "tried":
        return "tried"
    return "series" if source in CATALOGUE else "code"


def evidence(grounds: Sequence[Ground]) -> dict[str, float]:
    """Summed log-odds of each kind that is there."""
    found: dict[str, float] = defaultdict(float)
    for ground in grounds:
        found[kind_of(ground.source)] += ground.weight
    return dict(found)


@cache
def shipped() -> Fusion:
    """The fitted weights that come with misrun (`python -m misrun.evals.fit` writes them), else the unfitted ones."""
    return Fusion.model_validate(json.loads(SHIPPED.read_text("utf-8"))["fusion"]) if SHIPPED.is_file() else Fusion()
