from collections import Counter
from collections.abc import Callable

import pytest

from misrun.evals.cases import EvalCase
from misrun.evals.splits import grouped, stratified, unseen_architecture, unseen_optimizer

Build = Callable[..., EvalCase]
MODES = (
    ["memory_hardware/device_oom"] * 5
    + ["memory_hardware/host_oom"] * 3
    + ["optimization/oscillation"] * 4
    + ["optimization/overfitting"] * 4
    + ["healthy/healthy"] * 6
    + ["unknown/undetermined"] * 5
)


@pytest.fixture
def cases(case: Build) -> list[EvalCase]:
    kinds = ("sgd", "adam", "adamw")
    return [
        case(f"c{i:02d}", mode, optimizer=kinds[i % 3], architecture=("cnn", "bert")[i % 2])
        for i, mode in enumerate(MODES)
    ]


@pytest.mark.parametrize("split", [stratified, grouped, unseen_architecture])
def test_every_case_is_judged_once_and_never_by_what_was_fitted_on_it(
    split: Callable[..., object], cases: list[EvalCase]
) -> None:
    folds = list(split(cases))  # type: ignore[call-overload]
    assert sorted(i for fold in folds for i in fold.test) == list(range(len(cases)))
    assert all(not set(fold.train) & set(fold.test) for fold in folds)
    assert all(len(fold.train) + len(fold.test) == len(cases) for fold in folds)


def test_stratified_folds_have_the_same_share_of_every_category(cases: list[EvalCase]) -> None:
    counts = [Counter(cases[i].category for i in fold.test) for fold in stratified(cases)]
    for category in {case.category for case in cases}:
        assert max(c[category] for c in counts) - min(c[category] for c in counts) <= 1


def test_no_family_is_in_training_and_test_at_once(cases: list[EvalCase]) -> None:
    for fold in grouped(cases):
        test = {cases[i].family for i in fold.test} - {"healthy/healthy", "unknown/undetermined"}
        assert not test & {cases[i].family for i in fold.train}


def test_controls_are_in_every_training_part(cases: list[EvalCase]) -> None:
    for fold in grouped(cases):
        assert {"healthy", "unknown"} <= {cases[i].category for i in fold.train}


def test_an_optimizer_is_unseen_both_ways(cases: list[EvalCase]) -> None:
    for fold in unseen_optimizer(cases):
        train, test = ({cases[i].optimizer for i in part} for part in (fold.train, fold.test))
        assert train
        assert test
        assert ("sgd" in train) != ("sgd" in test)
