"""What a method's judgement rests on: permutation importance of features, and what is lost without a single signal.

Both on the grouped folds, on cases that the method was not fitted on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from misrun.evals.cases import EvalCase
from misrun.evals.methods import METHODS
from misrun.evals.splits import Fold
from misrun.evals.views import EVERYTHING, seen
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.methods.classifier import FeatureClassifier
from misrun.tools.diagnosis.methods.method import Case, Method
from misrun.tools.diagnosis.methods.simulated_human import SimulatedHuman
from misrun.tools.record import Record

Floats = NDArray[np.float64]

# Shuffles per feature and fold: the mean of ten settles to about a hundredth on 100 cases (a judgement).
SHUFFLES = 10
SEED = 20261120


class Importance(Record):
    """`drop`: how many of the `cases` are judged wrong (category) without `name` that were right with it, net of those
    that become right."""

    method: str
    kind: str
    name: str
    drop: float
    cases: int


def importance_of(name: str, cases: Sequence[EvalCase], folds: Sequence[Fold]) -> tuple[Importance, ...]:
    """By permutation for a classifier on features, by leaving out one signal or check at a time for any other."""
    drops: dict[str, float] = defaultdict(float)
    kind = "leave one out"
    for fold in folds:
        method = _fitted(name, cases, fold)
        test = [(case.category, facts) for case in (cases[i] for i in fold.test) if (facts := seen(case, EVERYTHING))]
        if isinstance(method, FeatureClassifier):
            kind, found = "permutation", _by_permutation(method, test)
        else:
            found = _by_leaving_out(method, test)
        for what, drop in found:
            drops[what] += drop
    total = sum(len(fold.test) for fold in folds)
    ordered = sorted(drops.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Importance(method=name, kind=kind, name=what, drop=drop, cases=total) for what, drop in ordered)


def _fitted(name: str, cases: Sequence[EvalCase], fold: Fold) -> Method:
    method = METHODS[name]()
    assert not isinstance(method, SimulatedHuman), "a person drawn by chance rests on nothing"
    train = (cases[i] for i in fold.train)
    method.fit([Case(facts, c.mode, c.answer.accepted) for c in train if (facts := seen(c, EVERYTHING))])
    return method


def _by_permutation(method: FeatureClassifier, test: Sequence[tuple[str, Facts]]) -> Iterator[tuple[str, float]]:
    """Breiman 2001, "Random forests", section 10, on the held-out cases of one fold."""
    actual = np.asarray([category for category, _ in test])
    table = method.table([facts for _, facts in test])
    right = float((method.categories(table) == actual).sum())
    rng = np.random.default_rng(SEED)
    for column, feature in enumerate(method.features):
        shuffled = [_shuffled(table, column, rng) for _ in range(SHUFFLES)]
        yield feature.name, right - fmean(float((method.categories(one) == actual).sum()) for one in shuffled)


def _shuffled(table: Floats, column: int, rng: np.random.Generator) -> Floats:
    changed = table.copy()
    changed[:, column] = rng.permutation(changed[:, column])
    return changed


def _by_leaving_out(method: Method, test: Sequence[tuple[str, Facts]]) -> Iterator[tuple[str, float]]:
    for category, facts in test:
        before = method.predict(facts).category == category
        for what, without in _without_one(facts):
            after = method.predict(without).category == category
            yield what, float(before) - float(after)


def _without_one(facts: Facts) -> Iterator[tuple[str, Facts]]:
    """The facts without one signal, or without the findings of one check."""
    keep: Callable[[str], Facts] = lambda name: Facts(  # noqa: E731
        facts.run,
        [s for s in facts.signals if s.name != name],
        [f for f in facts.findings if f.check != name],
        facts.tried,
    )
    names = dict.fromkeys([*(s.name for s in facts.signals), *(f.check for f in facts.findings)])
    yield from ((name, keep(name)) for name in names)
