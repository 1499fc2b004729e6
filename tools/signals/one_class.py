"""Predictions that never leave one class, by what they do to recall, F1, precision and accuracy."""

import re
from collections.abc import Iterator

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar, Series
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.evaluation import metrics
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, configured_chance, numeric
from misrun.tools.signals.wording import number, percent, plural

# An accuracy within half a point of a class share, in a metric that never moves, is that share: validation sets below
# 200 samples cannot show a smaller difference.
SAME = 0.005
# Three evaluations at one value can be a coarse metric, six cannot (as in metric_constant).
FEW, MANY = 3, 6
# Settings that tell the share of the positive class or of the largest one, and counts or shares per class.
_SHARES = {"positive_rate", "pos_rate", "positive_share", "positive_fraction", "pos_ratio", "pos_frac", "prevalence",
           "majority_share", "majority_fraction", "class_balance", "minority_share", "minority_fraction",
           "imbalance", "fraud_rate"}  # fmt: skip
_COUNTS = {"class_counts", "label_counts", "class_distribution", "label_distribution", "class_frequencies",
           "class_shares", "class_probs", "class_weights_counts"}  # fmt: skip
# Detection and segmentation: nothing is found there, which says nothing about classes.
_REGIONS = re.compile(r"\bmap|iou|box|dice")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    evaluated = metrics(run)
    if any(_REGIONS.search(s.name) for s in evaluated):
        return []
    found = (
        _never_positive(evaluated)
        or _always_positive(evaluated)
        or _class_share(run, task, evaluated)
        or _balanced_share(evaluated)
    )
    return [found] if found else []


def _of(evaluated: list[Series], words: str) -> list[Curve]:
    """Metrics of that name with at least three finite evaluations, without averages over classes told by their name."""
    pattern = re.compile(words)
    named = (Curve.of(s) for s in evaluated if pattern.search(s.name))
    return [curve for curve in named if len(curve) >= FEW]


def _never_positive(evaluated: list[Series]) -> Signal | None:
    """Recall, else F1, is exactly 0 over the whole second half: no sample of the class was ever predicted rightly."""
    zero = [c for c in _of(evaluated, r"recall|\bf1|sensitivity|\btpr\b") if _zero_to_end(c)]
    if not zero:
        return None
    curve = zero[0]
    accuracy = chosen(s for s in evaluated if s.name == "accuracy")
    beside = Curve.of(accuracy) if accuracy else None
    level = float(beside.values[-1]) if beside is not None and len(beside) else None
    told = f" while {accuracy.raw_name} is {number(level)}" if accuracy is not None and level is not None else ""
    names = ", ".join(dict.fromkeys(c.series.raw_name for c in zero))
    start = _zero_from(curve)
    return _signal(
        curve,
        start,
        f"{names} is exactly 0 at {plural(len(curve) - start, 'evaluation')} from {curve.place(start)} to the"
        f" end{told}: the positive class is never predicted",
        # The accuracy beside it is the share of the class that is always predicted.
        {"level": 0.0, "accuracy": level, "class_share": level, "kind": "never_positive"},
    )


def _zero_from(curve: Curve) -> int:
    """First point of the zeros that reach to the end."""
    nonzero = np.flatnonzero(curve.values != 0.0)
    return int(nonzero[-1]) + 1 if len(nonzero) else 0


def _zero_to_end(curve: Curve) -> bool:
    start = _zero_from(curve)
    return len(curve) - start >= FEW and start <= len(curve) // 2


def _always_positive(evaluated: list[Series]) -> Signal | None:
    """Recall exactly 1 with a precision that stays at one value below 1: the share of the positive class."""
    full = [c for c in _of(evaluated, r"recall|sensitivity|\btpr\b") if set(c.values.tolist()) <= {1.0}]
    fixed = [c for c in _of(evaluated, "precision") if _constant(c) and 0.0 < c.values[0] < 1.0]
    if not full or not fixed:
        return None
    share = float(fixed[0].values[0])
    return _signal(
        full[0],
        0,
        f"{full[0].series.raw_name} is exactly 1 and {fixed[0].series.raw_name} {number(share)} at every one of"
        f" {plural(len(full[0]), 'evaluation')}: the positive class is always predicted",
        {"level": 1.0, "accuracy": None, "class_share": share, "kind": "always_positive"},
    )


def _balanced_share(evaluated: list[Series]) -> Signal | None:
    """Accuracy balanced over C classes stays at exactly 1/C: one class is always right and the others never."""
    for curve in _of(evaluated, r"balanced[_ ]?acc|\bbacc\b|\buar\b"):
        level = float(curve.values[0]) / (100.0 if curve.values.max() > 1.0 else 1.0)
        classes = round(1.0 / level) if level > 0 else 0
        # Four printed digits tell 1/C from its neighbours up to some 50 classes.
        if _constant(curve) and 2 <= classes <= 50 and abs(level - 1.0 / classes) < 1e-3 / classes:
            told = f"{curve.series.raw_name} is {number(level)}, exactly 1/{classes}, at every evaluation"
            values: dict[str, Scalar] = {"level": level, "accuracy": None, "class_share": None, "kind": "balanced"}
            return _signal(curve, 0, told, values)
    return None


def _constant(curve: Curve) -> bool:
    return len(set(curve.values.tolist())) == 1


def _class_share(run: RunRecord, task: Task, evaluated: list[Series]) -> Signal | None:
    """An accuracy that never changes and equals the share of a class; a recall averaged over C classes is then 1/C."""
    for curve in _of(evaluated, r"^accuracy$|recall"):
        level = float(curve.values[0]) / (100.0 if float(curve.values.max()) > 1.0 else 1.0)
        known = _shares(run, task) if curve.series.name == "accuracy" else _equal_share(task)
        match = next(((share, origin) for share, origin in known if abs(level - share) <= SAME), None)
        if _constant(curve) and 0.0 < level < 1.0 and match:
            return _signal(
                curve,
                0,
                f"{curve.series.raw_name} is {number(float(curve.values[0]))} at every one of"
                f" {plural(len(curve), 'evaluation')}, what always predicting one class reaches"
                f" ({percent(match[0])}; {match[1]})",
                {"level": level, "accuracy": level, "class_share": match[0], "kind": "class_share"},
            )
    return None


def _equal_share(task: Task) -> Iterator[tuple[float, str]]:
    chance = None if task.language_model else configured_chance(task)
    if chance is not None:
        yield chance.accuracy, chance.origin


def _shares(run: RunRecord, task: Task) -> Iterator[tuple[float, str]]:
    """Shares of classes that the settings tell, and one class in C."""
    for setting in run.config:
        name = setting.name.rsplit(".", 1)[-1].lower()
        rate = numeric(setting) if name in _SHARES else None
        if rate is not None and 0.0 < rate < 1.0:
            yield from ((rate, f"{setting.name} = {rate:g}"), (1.0 - rate, f"{setting.name} = {rate:g}"))
        if name in _COUNTS and isinstance(setting.value, tuple):
            counts = [float(v) for v in setting.value if isinstance(v, int | float) and v >= 0]
            yield from ((count / sum(counts), f"{setting.name}") for count in counts if sum(counts) > 0)
    yield from _equal_share(task)


def _signal(curve: Curve, start: int, told: str, values: dict[str, Scalar]) -> Signal:
    return Signal(
        name="one_class_predicted",
        text=f"Evaluation shows one class only: {told}.",
        value=float(curve.values[-1]),
        step=curve.step(start),
        strength=graded(len(curve) - start, FEW, MANY),
        spans=(curve.span(start, -1),),
        values=values
        | {"metric": curve.series.raw_name, "evaluations": len(curve) - start, "step_kind": curve.series.step_kind},
    )
