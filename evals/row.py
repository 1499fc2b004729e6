"""One prediction of one method on one case, and everything needed to trace a number back to it.

The first thirteen fields are the contract with other programs (README, "Evaluation").
"""

import math
import re

from misrun.evals.cases import EvalCase
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.record import Record

# How many reasons for and against the leading hypothesis are kept with a row.
_GROUNDS = 4
# The split of the rows of scenarios that could not be read at all.
UNREADABLE = "unreadable"


class Row(Record):
    """`category` and `mode` are the answer's; `hit`, `mode_hit` and `top3_hit` accept its alternatives too.

    `probability` is that of the answer given: of the category told, or of "unknown" where the method abstained.
    `missing_hit`: the measurement asked for is one that the answer of an undeterminable case names.
    """

    scenario: str
    method: str
    split: str
    category: str
    mode: str
    predicted_category: str
    predicted_mode: str
    top_modes: tuple[str, ...]
    probability: float | None
    abstained: bool
    seconds: float = 0.0
    error: str | None = None
    fold: str
    hit: bool
    mode_hit: bool
    top3_hit: bool
    missing_hit: bool = False
    reason: str = ""
    missing: str | None = None
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Method, split and scenario: no evaluation has two rows with the same."""
        return self.method, self.split, self.scenario


def judged(case: EvalCase, method: str, split: str, fold: str, diagnosis: Diagnosis, seconds: float) -> Row:
    """The row of one diagnosis. An abstention counts as the answer "unknown"."""
    top = tuple(h.mode for h in diagnosis.hypotheses[:3])
    accepted = case.answer.accepted
    first = diagnosis.hypotheses[0] if diagnosis.hypotheses else None
    return Row(
        scenario=case.id,
        method=method,
        split=split,
        fold=fold,
        category=case.category,
        mode=case.mode,
        predicted_category=diagnosis.category,
        predicted_mode=diagnosis.mode,
        top_modes=top,
        probability=None if math.isnan(diagnosis.likelihood) else round(diagnosis.likelihood, 4),
        abstained=diagnosis.abstained,
        hit=diagnosis.category in {mode.split("/", 1)[0] for mode in accepted},
        mode_hit=diagnosis.mode in accepted,
        top3_hit=diagnosis.mode in accepted or bool(accepted & set(top)),
        missing_hit=_asks_for_the_right_thing(case, diagnosis),
        reason=diagnosis.reason,
        missing=diagnosis.missing,
        evidence=tuple(g.text for g in first.supporting[:_GROUNDS]) if first else (),
        against=tuple(g.text for g in first.opposing[:_GROUNDS]) if first else (),
        seconds=round(seconds, 4),
    )


def failed(case: EvalCase, method: str, split: str, fold: str, reason: str) -> Row:
    """The row of a case on which the method itself failed."""
    return _error(case.id, method, split, fold, case.category, case.mode, reason)


def unreadable(scenario: str, method: str, reason: str) -> Row:
    """The row of a scenario that could not be read; its label is not known either."""
    return _error(scenario, method, UNREADABLE, "", "", "", reason)


def _error(scenario: str, method: str, split: str, fold: str, category: str, mode: str, reason: str) -> Row:
    return Row(scenario=scenario, method=method, split=split, fold=fold, category=category, mode=mode,
               predicted_category="error", predicted_mode="error", top_modes=(), probability=None, abstained=False,
               hit=False, mode_hit=False, top3_hit=False, error=reason)  # fmt: skip


def _asks_for_the_right_thing(case: EvalCase, diagnosis: Diagnosis) -> bool:
    asked = diagnosis.missing or ""
    return any(re.search(wanted.pattern, asked, re.IGNORECASE) for wanted in case.answer.missing)
