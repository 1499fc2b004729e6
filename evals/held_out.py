"""How the calibration does on runs that it was not fitted on: cross-validation over scenarios and development runs
together, with all runs of one failure mode on one side."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from misrun.evals.statistics import SEED, expected_calibration_error
from misrun.tools.diagnosis.fusion import Fusion
from misrun.tools.diagnosis.methods.fusion import Answer, calibrated_on
from misrun.tools.diagnosis.taxonomy import HEALTHY, UNKNOWN
from misrun.tools.record import Record

FOLDS = 5


@dataclass(frozen=True)
class Labelled:
    """What could be told of one run, which set the run is of, and the mode it is labelled with."""

    source: str
    mode: str
    answers: tuple[Answer, ...]


class HeldOut(Record):
    """The answers told of one set of runs seen through one view, unfitted and fitted on the other folds: how many, how
    many of them right, and the expected calibration error over ten bins (0..1)."""

    source: str
    view: str
    told_unfitted: int
    right_unfitted: int
    error_unfitted: float
    told: int
    right: int
    error: float


def held_out(cases: Sequence[Labelled]) -> list[HeldOut]:
    """One row per set and view, in the order in which they occur."""
    folds = _folds(cases)
    judged = [
        (case.source, answer, fusion)
        for fold in range(FOLDS)
        for fusion in [_fitted_without(cases, folds, fold)]
        for case, own in zip(cases, folds, strict=True)
        for answer in (case.answers if own == fold else ())
    ]
    kinds = dict.fromkeys((case.source, answer.view) for case in cases for answer in case.answers)
    return [
        _row(source, view, [(a, f) for own, a, f in judged if (own, a.view) == (source, view)])
        for source, view in kinds
    ]


def _folds(cases: Sequence[Labelled]) -> list[int]:
    """The fold of every case: whole modes; healthy and undeterminable runs, which are one mode each, one by one."""
    groups = [str(i) if case.mode in (HEALTHY, UNKNOWN) else case.mode for i, case in enumerate(cases)]
    names = sorted(set(groups))
    places = np.random.default_rng(SEED).permutation(len(names))
    fold_of = {name: int(place) % FOLDS for name, place in zip(names, places, strict=True)}
    return [fold_of[group] for group in groups]


def _fitted_without(cases: Sequence[Labelled], folds: Sequence[int], fold: int) -> Fusion:
    train = (case for case, own in zip(cases, folds, strict=True) if own != fold)
    return calibrated_on([answer for case in train for answer in case.answers])


def _row(source: str, view: str, judged: Sequence[tuple[Answer, Fusion]]) -> HeldOut:
    before = list(_told((answer, Fusion()) for answer, _ in judged))
    after = list(_told(judged))
    return HeldOut(
        source=source,
        view=view,
        told_unfitted=len(before),
        right_unfitted=sum(right for _, right in before),
        error_unfitted=_error(before),
        told=len(after),
        right=sum(right for _, right in after),
        error=_error(after),
    )


def _told(judged: Iterable[tuple[Answer, Fusion]]) -> Iterator[tuple[float, bool]]:
    """Likelihood as shown and whether right, of the answers that are told."""
    for answer, fusion in judged:
        calibration = fusion.calibrations[answer.footing]
        if answer.likelihood >= calibration.told_from:
            yield calibration.share_right(answer.likelihood), answer.right


def _error(told: Sequence[tuple[float, bool]]) -> float:
    shown, right = [share for share, _ in told], [hit for _, hit in told]
    return round(expected_calibration_error(shown, right), 4)
