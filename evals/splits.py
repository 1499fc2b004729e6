"""Which cases a method is fitted on and which it is judged on. A fold never judges what it was fitted on.

`stratified` is the paper's protocol; `grouped` is the honest one: no failure mode is in training and test at once, so
that what counts is what carries over to failures of another kind.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from misrun.evals.cases import EvalCase
from misrun.evals.views import ABLATIONS, EVERYTHING, HALF_WAY, LEAD_STEPS

# The paper's section 5.1.
FOLDS = 5
SEED = 20261120
_ADAPTIVE, _PLAIN = frozenset({"adam", "adamw"}), frozenset({"sgd"})
# What the cases of a grouped fold are judged by besides everything: the method is fitted once for all of these.
_GROUPED_VIEWS = ("logs_only", "pasted", *(f"lead_{steps}" for steps in LEAD_STEPS), HALF_WAY)

# What each split asks, in one line.
QUESTIONS = {
    "grouped": "five folds, no failure mode in training and test at once: the honest one",
    "stratified": "five folds with all categories in each, as in the paper",
    "unseen_architecture": "every architecture judged by what was learned on the others",
    "unseen_optimizer": "fitted on Adam and AdamW and judged on SGD, and the other way round",
    "logs_only": "grouped folds; only the console logs are handed over",
    "pasted": "grouped folds; only the last lines of the console logs are handed over",
    **{f"lead_{steps}": f"grouped folds; {steps} steps before the failure shows" for steps in LEAD_STEPS},
    HALF_WAY: "grouped folds; healthy runs at half of their steps, which nothing should alarm at",
    "fresh": "fitted on all scenarios and judged on fresh recordings of them",
    **{name: f"grouped folds; {name.replace('_', ' ')}, in training and test" for name in ABLATIONS},
}


@dataclass(frozen=True)
class Fold:
    """Indices into the cases: what to fit on, what to judge on, and which part of which split this is.

    Training cases are seen through `train_view`. Every test case is judged once through each view: `views` pairs the
    name of a split with the view its cases are seen through."""

    split: str
    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    train_view: str = EVERYTHING
    views: tuple[tuple[str, str], ...] = ()

    @property
    def judged(self) -> tuple[tuple[str, str], ...]:
        """(split, view) of every judgement; by itself, a fold judges by everything."""
        return self.views or ((self.split, EVERYTHING),)


def folds_of(cases: Sequence[EvalCase], fresh: Sequence[EvalCase] = ()) -> list[Fold]:
    """Every fold of the protocol but the ablations; `fresh` cases follow `cases` in one list."""
    folds = [*stratified(cases), *(_seen_in_more_ways(fold) for fold in grouped(cases))]
    folds += [*unseen_architecture(cases), *unseen_optimizer(cases)]
    if fresh:
        known, total = len(cases), len(cases) + len(fresh)
        folds.append(Fold("fresh", "all", tuple(range(known)), tuple(range(known, total))))
    return folds


def ablations(cases: Sequence[EvalCase]) -> Iterator[Fold]:
    """The grouped folds, with one group of signals taken from training and test."""
    for view in ABLATIONS:
        for fold in grouped(cases):
            yield replace(fold, split=view, train_view=view, views=((view, view),))


def judging(folds: Sequence[Fold], wanted: frozenset[int]) -> list[Fold]:
    """The folds with only the wanted cases to judge; what is fitted on stays."""
    kept = [replace(fold, test=tuple(i for i in fold.test if i in wanted)) for fold in folds]
    return [fold for fold in kept if fold.test]


def stratified(cases: Sequence[EvalCase]) -> Iterator[Fold]:
    """Five folds with the same share of every category."""
    order = np.random.default_rng(SEED).permutation(len(cases))
    by_category: dict[str, list[int]] = defaultdict(list)
    for i in order:
        by_category[cases[i].category].append(int(i))
    dealt = [i for category in sorted(by_category) for i in by_category[category]]
    for fold in range(FOLDS):
        yield _fold("stratified", f"fold {fold + 1}", cases, dealt[fold::FOLDS])


def grouped(cases: Sequence[EvalCase]) -> Iterator[Fold]:
    """Five folds of whole families, dealt out largest first to the fold that has fewest cases of their category.

    The controls (healthy, unknown) are one mode each: their cases are dealt out singly, for without any of them in
    training no method could know that there are such runs.
    """
    folds: list[list[int]] = [[] for _ in range(FOLDS)]
    for category, members in _families(cases):
        here = [sum(cases[i].category == category for i in fold) for fold in folds]
        smallest = min(range(FOLDS), key=lambda f: (here[f], len(folds[f]), f))
        folds[smallest] += members
    for number, fold in enumerate(folds):
        yield _fold("grouped", f"fold {number + 1}", cases, sorted(fold))


def _families(cases: Sequence[EvalCase]) -> list[tuple[str, list[int]]]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, case in enumerate(cases):
        single = case.category in ("healthy", "unknown")
        members[case.category, case.id if single else case.family].append(i)
    shuffled = np.random.default_rng(SEED).permutation(len(members))
    keyed = [list(members.items())[i] for i in shuffled]
    return [(category, found) for (category, _), found in sorted(keyed, key=lambda item: -len(item[1]))]


def unseen_architecture(cases: Sequence[EvalCase]) -> Iterator[Fold]:
    """One fold per architecture, which training never saw."""
    counts = Counter(case.architecture for case in cases if case.architecture)
    for name in sorted(counts):
        yield _fold("unseen_architecture", name, cases, [i for i, c in enumerate(cases) if c.architecture == name])


def unseen_optimizer(cases: Sequence[EvalCase]) -> Iterator[Fold]:
    """Fit on Adam and AdamW, judge on SGD, and the other way round."""
    for name, test in (("sgd", _PLAIN), ("adam", _ADAPTIVE)):
        train = _ADAPTIVE if test is _PLAIN else _PLAIN
        yield Fold(
            split="unseen_optimizer",
            name=name,
            train=tuple(i for i, c in enumerate(cases) if c.optimizer in train),
            test=tuple(i for i, c in enumerate(cases) if c.optimizer in test),
        )


def _fold(split: str, name: str, cases: Sequence[EvalCase], test: Sequence[int]) -> Fold:
    held = set(test)
    return Fold(split=split, name=name, train=tuple(i for i in range(len(cases)) if i not in held), test=tuple(test))


def _seen_in_more_ways(fold: Fold) -> Fold:
    return replace(fold, views=((fold.split, EVERYTHING), *((view, view) for view in _GROUPED_VIEWS)))
