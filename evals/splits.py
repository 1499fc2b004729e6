"""Which cases a method is fitted on and which it is judged on. A fold never judges what it was fitted on.

`stratified` is the paper's protocol; `grouped` is the honest one: no failure mode is in training and test at once, so
that what counts is what carries over to failures of another kind.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from misrun.evals.cases import EvalCase

# The paper's section 5.1.
FOLDS = 5
SEED = 20261120
_ADAPTIVE, _PLAIN = frozenset({"adam", "adamw"}), frozenset({"sgd"})


@dataclass(frozen=True)
class Fold:
    """Indices into the cases: what to fit on, what to judge on, and which part of which split this is."""

    split: str
    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]


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
