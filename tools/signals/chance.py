"""Losses and accuracies at the level of a guess, and first losses that do not fit a fresh model."""

import math
import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, called, is_error, pairs, quantity, training_loss
from misrun.tools.signals.robust import end_level, noise, spread, start_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Chance, Task, configured_chance
from misrun.tools.signals.wording import number, percent

# A loss within 3 % of ln C is a guess's: a softmax that assigns the right class 1.03 of 10 classes' share instead of
# one tenth is at ln(10) - 0.03. Without a configured C the match must be three times as close.
NEAR, CLOSE = 0.03, 0.01
# Class counts told apart by their logarithm alone (steps of more than 2 x CLOSE), and the round ones of the usual
# benchmarks (CIFAR-10/100, ImageNet).
GUESSABLE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1000)
# A fresh classifier starts at ln C plus about half the variance of its logits (Jensen): 1.5 ln C needs logits that are
# already far from equal. Karpathy, "A Recipe for Training Neural Networks" (2019): "verify loss @ init".
START_HIGH, START_HIGH_SURE = 1.5, 5.0
START_LOW = 0.5
# A loss three times that of a guess as often right: no usual initialisation is that sure of its errors.
OVER_KNOWN = 3.0
# ln of 485 million: no set of classes and no vocabulary is that large, so no guess costs more.
OVER_ANY, OVER_ANY_SURE = 20.0, 100.0
# Past the first tenth a model that has learned anything at all is below a guess's loss; 5 % above it for half the run
# is worse than knowing nothing, half above it is beyond doubt.
ABOVE, ABOVE_SURE, ABOVE_APART = 1.05, 1.5, 10.0
# With an accuracy of 1/C beside it, a loss this near ln C is a guess's in the noise of single batches.
NEAR_BOTH = 0.1
_CROSS_ENTROPY = re.compile(r"cross[_\s-]?entropy|(?:^|[^a-z])(?:xent|nll|ce)(?:[^a-z]|$)")
# A first point logged later than this share of the run no longer shows the start.
FIRST = 0.05


def measure(run: RunRecord, task: Task) -> list[Signal]:
    loss = _log_loss(run) if task.descending else None
    found = [_loss_at_chance(run, loss, task) if loss else None, _metric_at_chance(run, task)]
    found.append(_mean_predicted(run, task))
    chance = configured_chance(task)
    if loss and chance:
        found += [_start_high(loss, chance), _start_low(loss, chance, task), _softmax_floor(loss, chance)]
        found.append(_loss_above_chance(run, loss, chance))
    elif loss:
        found.append(_start_over_any(run, loss) or _start_over_accuracy(run, loss, task))
    return [signal for signal in found if signal]


def _log_loss(run: RunRecord) -> Curve | None:
    """The training loss where it can be a cross entropy: a guess's mean squared error is not ln C."""
    loss = training_loss(run)
    return None if loss is None or is_error(loss.series) else loss


def _stays(curve: Curve) -> Curve:
    """The second half: where a curve has come to rest if it ever does."""
    return curve.slice(len(curve) // 2)


def _loss_at_chance(run: RunRecord, loss: Curve, task: Task) -> Signal | None:
    if len(loss) < 4:
        return None
    late = _stays(loss)
    level = float(np.median(late.values))
    told = configured_chance(task)
    chance = told or _coincidence(run, loss, level)
    near = NEAR if told or _guess_by_accuracy(_accuracy(run), level) is None else NEAR_BOTH
    if chance is None or abs(level - chance.loss) > near * chance.loss or _still_moving(late, chance):
        return None
    return Signal(
        name="loss_at_chance",
        text=f"{called(loss.series)} stays at {number(level)} from {late.place(0)} to {late.place(-1)}, the loss of a"
        f" guess among {chance.classes:,} classes (ln {chance.classes:,} = {number(chance.loss)}; {chance.origin}).",
        value=level,
        step=loss.step(0),
        strength=1.0 if abs(level - chance.loss) <= CLOSE * chance.loss else 0.7,
        spans=(late.span(0, -1),),
        values={"level": level, "chance_loss": chance.loss, "classes": chance.classes, "first": float(loss.values[0]),
                "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _loss_above_chance(run: RunRecord, loss: Curve, chance: Chance) -> Signal | None:
    """The second half lies above what a guess costs, at its lowest quarter too; a few times above it only where no
    accuracy says that the classes are told apart (then other terms are added to the cross entropy)."""
    if len(loss) < 8:
        return None
    accuracy = _accuracy(run)
    apart = accuracy is not None and float(accuracy.values.max()) > 2.0 * chance.accuracy
    late = _stays(loss)
    level, low = float(np.median(late.values)), float(np.quantile(late.values, 0.25))
    ratio = level / chance.loss
    if ratio < (ABOVE_APART if apart else ABOVE) or low < chance.loss:
        return None
    return Signal(
        name="loss_above_chance",
        text=f"{called(loss.series)} stays at {number(level)} from {late.place(0)} to {late.place(-1)}, above the"
        f" {number(chance.loss)} that a guess among {chance.classes:,} classes costs ({chance.origin}).",
        value=ratio,
        step=loss.step(0),
        strength=graded(ratio, ABOVE, ABOVE_SURE) if accuracy is not None else 0.6,
        spans=(late.span(0, -1),),
        values={"level": level, "chance_loss": chance.loss, "classes": chance.classes, "ratio": ratio,
                "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _mean_predicted(run: RunRecord, task: Task) -> Signal | None:
    """A squared error that rests at 1 is that of always predicting the mean of a standardised target: its variance."""
    loss = training_loss(run) if task.descending else None
    if loss is None or len(loss) < 8 or quantity(run, "accuracy") is not None or configured_chance(task):
        return None
    squared = is_error(loss.series) and "mse" in loss.series.name
    late = _stays(loss)
    level = float(np.median(late.values))
    settled = trend(late.values) == 0 or float(late.values.max() - late.values.min()) < 2 * CLOSE
    if abs(level - 1.0) > (NEAR if squared else CLOSE) or not settled or spread(late.values) > 0.2:
        return None
    return Signal(
        name="loss_at_chance",
        text=f"{called(loss.series)} rests at {number(level)} from {late.place(0)} to {late.place(-1)}: 1 is the"
        " squared error of predicting the mean of a standardised target for every sample.",
        value=level,
        step=loss.step(0),
        # The target's scale is not told; that the level is 1 is the only sign of it.
        strength=0.7 if squared else 0.55,
        spans=(late.span(0, -1),),
        values={"level": level, "chance_loss": 1.0, "classes": None, "first": float(loss.values[0]),
                "step_kind": loss.series.step_kind},
    )  # fmt: skip


def _still_moving(late: Curve, chance: Chance) -> bool:
    """Whether the second half still falls by more than the tolerance: a slow start is not chance."""
    return trend(late.values) < 0 and start_level(late.values) - end_level(late.values) > NEAR * chance.loss


def _coincidence(run: RunRecord, loss: Curve, level: float) -> Chance | None:
    """ln C by coincidence, believed only with an accuracy of 1/C beside it or with a loss flat at it from the start."""
    accuracy = _accuracy(run)
    both = _guess_by_accuracy(accuracy, level)
    near = [both] if both else [c for c in GUESSABLE if abs(level - math.log(c)) <= CLOSE * math.log(c)]
    if not near:
        return None
    guess = near[0]
    if accuracy is not None and abs(float(np.median(accuracy.values)) - 1.0 / guess) <= 0.2 / guess:
        return Chance(guess, f"accuracy is {number(float(np.median(accuracy.values)))}")
    flat = trend(loss.values) == 0 and spread(loss.values) <= NEAR * level
    return Chance(guess, "the loss is flat there") if flat and accuracy is None else None


def _guess_by_accuracy(accuracy: Curve | None, level: float) -> int | None:
    """The number of classes whose guess has both this accuracy throughout and this loss, within batches' noise."""
    if accuracy is None or len(accuracy) < 3:
        return None
    late = float(np.median(_stays(accuracy).values))
    best = float(accuracy.values.max())
    fits = (c for c in GUESSABLE if abs(late - 1.0 / c) <= 0.2 / c and best <= 1.6 / c and c > 2)
    near = (c for c in fits if abs(level - math.log(c)) <= NEAR_BOTH * math.log(c))
    return min(near, key=lambda c: abs(late - 1.0 / c), default=None)


def _accuracy(run: RunRecord) -> Curve | None:
    """Accuracy as a share of 1, evaluation preferred; percentages are converted."""
    curve = quantity(run, "accuracy", "eval") or quantity(run, "accuracy", "train")
    if curve is None or not len(curve):
        return None
    scale = 100.0 if curve.values.max() > 1.0 else 1.0
    return Curve(curve.series, curve.steps, curve.values / scale, curve.index)


def _metric_at_chance(run: RunRecord, task: Task) -> Signal | None:
    accuracy = _accuracy(run)
    chance = None if task.language_model else configured_chance(task)
    if accuracy is None or len(accuracy) < 3:
        return None
    late = _stays(accuracy)
    level = float(np.median(late.values))
    if chance is None:
        loss = _log_loss(run)
        chance = _coincidence(run, loss, float(np.median(_stays(loss).values))) if loss and len(loss) >= 4 else None
    # Within a fifth of 1/C: two standard errors of the accuracy of a guess on 100 C samples.
    if chance is None or abs(level - chance.accuracy) > 0.2 * chance.accuracy or trend(accuracy.values) > 0:
        return None
    return Signal(
        name="metric_at_chance",
        text=f"Accuracy ({accuracy.series.raw_name}) stays at {percent(level)} from {late.place(0)} to"
        f" {late.place(-1)}, what a"
        f" guess among {chance.classes:,} classes reaches ({percent(chance.accuracy)}; {chance.origin}).",
        value=level,
        step=accuracy.step(0),
        spans=(late.span(0, -1),),
        values={"level": level, "chance_accuracy": chance.accuracy, "classes": chance.classes,
                "phase": accuracy.series.phase, "step_kind": accuracy.series.step_kind},
    )  # fmt: skip


def _softmax_floor(loss: Curve, chance: Chance) -> Signal | None:
    """Cross entropy that is given probabilities instead of logits sees scores in 0..1, so even a perfect prediction
    costs ln(1 + (C - 1) / e): the log-sum-exp of one score of 1 and C - 1 scores of 0, less 1."""
    floor = math.log1p((chance.classes - 1) / math.e)
    level = end_level(loss.values)
    if len(loss) < 4 or abs(level - floor) > NEAR * floor or float(loss.values.min()) < (1 - NEAR) * floor:
        return None
    return Signal(
        name="loss_softmax_floor",
        text=f"{called(loss.series)} ends at {number(level)} and never falls below {number(float(loss.values.min()))}:"
        f" the lowest cross entropy that probabilities given as logits can reach among {chance.classes:,} classes is"
        f" {number(floor)} ({chance.origin}).",
        value=level,
        strength=0.8,
        spans=(_stays(loss).span(0, -1),),
        values={"level": level, "floor": floor, "classes": chance.classes},
    )


def _shows_the_start(loss: Curve) -> bool:
    if loss.series.step_kind == "step":
        return loss.step(0) <= max(1.0, FIRST * loss.step(-1))
    return len(loss) >= 1 / FIRST or loss.step(0) <= 1


def _start_high(loss: Curve, chance: Chance) -> Signal | None:
    first = float(loss.values[0])
    ratio = first / chance.loss
    if ratio < START_HIGH:
        return None
    return Signal(
        name="loss_start_high",
        text=f"First logged loss is {number(first)} at {loss.place(0)}, {number(ratio)} times the"
        f" {number(chance.loss)} of a"
        f" guess among {chance.classes:,} classes ({chance.origin}).",
        value=first,
        step=loss.step(0),
        strength=graded(ratio, START_HIGH, START_HIGH_SURE),
        spans=(loss.span(0),),
        values={"first": first, "chance_loss": chance.loss, "classes": chance.classes, "ratio": ratio},
    )


def _start_over_any(run: RunRecord, loss: Curve) -> Signal | None:
    """Without a known number of classes: above the loss of a guess among any number of them, where the loss is called a
    cross entropy, or ends below that level beside an accuracy (a sum over a batch does not)."""
    first, end = float(loss.values[0]), end_level(loss.values)
    named = _CROSS_ENTROPY.search(loss.series.raw_name.lower()) is not None
    likely = named or (end < OVER_ANY and quantity(run, "accuracy") is not None)
    if first <= OVER_ANY or not likely or not _shows_the_start(loss):
        return None
    return Signal(
        name="loss_start_high",
        text=f"First logged loss is {number(first)} at {loss.place(0)}, above {number(OVER_ANY)}: a guess among 100"
        " million classes has a cross entropy of 18.4.",
        value=first,
        step=loss.step(0),
        # The accuracy beside it does not tell that the loss is the mean of a cross entropy.
        strength=graded(first, OVER_ANY, OVER_ANY_SURE) if named else 0.5,
        spans=(loss.span(0),),
        values={"first": first, "chance_loss": OVER_ANY, "classes": None, "ratio": first / OVER_ANY, "named": named},
    )


def _start_over_accuracy(run: RunRecord, loss: Curve, task: Task) -> Signal | None:
    """Without a known number of classes: a model that knows nothing and says so has the loss -ln(accuracy), ln C beside
    1/C. Three times that, where the two come together later, is certainty without knowledge."""
    accuracy = _accuracy(run)
    if accuracy is None or task.pretrained or not _shows_the_start(loss):
        return None
    if (int(loss.index[0]), int(accuracy.index[0])) not in pairs(loss.series, accuracy.series):
        return None  # an accuracy of later weights
    first, share, last = float(loss.values[0]), float(accuracy.values[0]), end_level(accuracy.values)
    if not (0.0 < share < 0.5 and 0.0 < last < 1.0):
        return None
    ratio, later = first / -math.log(share), end_level(loss.values) / -math.log(last)
    if ratio < OVER_KNOWN or later > ratio:
        return None
    return Signal(
        name="loss_start_high",
        text=f"First logged loss is {number(first)} at {loss.place(0)} beside an accuracy of {percent(share)}: a guess"
        f" that is right as often costs {number(-math.log(share))}.",
        value=first,
        step=loss.step(0),
        strength=graded(ratio, OVER_KNOWN, 10.0),
        spans=(loss.span(0), accuracy.span(0)),
        values={"first": first, "chance_loss": -math.log(share), "classes": None, "ratio": ratio},
    )


def _start_low(loss: Curve, chance: Chance, task: Task) -> Signal | None:
    """Only where the model is fresh: language models are mostly loaded, so there the configuration must say
    otherwise.
    """
    level = start_level(loss.values)
    fresh = not task.pretrained and not task.language_model and _shows_the_start(loss)
    if not fresh or chance.classes < 3 or level > START_LOW * chance.loss or noise(loss.values) > 0.5 * chance.loss:
        return None
    return Signal(
        name="loss_start_low",
        text=f"First logged loss is {number(float(loss.values[0]))} at {loss.place(0)}, far below the"
        f" {number(chance.loss)} of"
        f" a guess among {chance.classes:,} classes ({chance.origin}).",
        value=float(loss.values[0]),
        step=loss.step(0),
        strength=0.6,
        spans=(loss.span(0),),
        values={"first": float(loss.values[0]), "chance_loss": chance.loss, "classes": chance.classes,
                "ratio": float(loss.values[0]) / chance.loss},
    )  # fmt: skip
