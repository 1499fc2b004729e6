"""What every diagnosis method is: something that learns from labelled cases and diagnoses one run at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground, Hypothesis
from misrun.tools.diagnosis.taxonomy import UNKNOWN, category_of


@dataclass(frozen=True)
class Case:
    """One run and the failure mode it is labelled with; `also` are modes that count as right besides, `weight` is how
    often a fit that can do so counts it."""

    facts: Facts
    mode: str
    also: frozenset[str] = frozenset()
    weight: float = 1.0

    @property
    def category(self) -> str:
        return category_of(self.mode)


class Method(Protocol):
    """`fit` sees labelled cases (and may ignore them); `predict` sees one run, never its label, and never a name or a
    path as evidence. A Diagnosis carries category, mode, probability (`likelihood`), explanation (the grounds of its
    hypotheses) and, where it abstains, the reason."""

    name: str

    def fit(self, cases: Sequence[Case]) -> None: ...

    def predict(self, facts: Facts) -> Diagnosis: ...


def told(
    mode: str, probability: float, grounds: Sequence[Ground], others: Sequence[tuple[str, float]] = ()
) -> Diagnosis:
    """A diagnosis that is told: `mode` first with its grounds, then `others` (mode, probability)."""
    supporting = tuple(g for g in grounds if g.weight > 0)
    opposing = tuple(g for g in grounds if g.weight <= 0)
    first = Hypothesis(
        mode=mode,
        category=category_of(mode),
        likelihood=probability,
        supporting=supporting,
        opposing=opposing,
        status="supported",
    )
    rest = tuple(Hypothesis(mode=m, category=category_of(m), likelihood=p) for m, p in others if m != mode)
    return Diagnosis(
        category=category_of(mode), mode=mode, likelihood=probability, abstained=False, hypotheses=(first, *rest)
    )


def abstained(reason: str, probability: float = 0.0, leaning: Sequence[tuple[str, float]] = ()) -> Diagnosis:
    """No diagnosis, for a reason; `leaning` are the modes it would have named (mode, probability)."""
    return Diagnosis(
        category=category_of(UNKNOWN),
        mode=UNKNOWN,
        likelihood=probability,
        abstained=True,
        reason=reason,
        hypotheses=tuple(Hypothesis(mode=m, category=category_of(m), likelihood=p) for m, p in leaning),
    )


def modes_by_category(cases: Sequence[Case]) -> dict[str, list[str]]:
    """The modes of each category among `cases`, most frequent first (ties by name)."""
    counts = Counter(case.mode for case in cases)
    ordered = sorted(counts, key=lambda mode: (-counts[mode], mode))
    found: dict[str, list[str]] = {}
    for mode in ordered:
        found.setdefault(category_of(mode), []).append(mode)
    return found
