"""Validation that has no part in what training learns, from the first evaluation on."""

import math

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, called, is_error, quantity, training_loss, validation_loss
from misrun.tools.signals.robust import end_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, configured_chance
from misrun.tools.signals.wording import number, percent

# Training has learned its data: nine of ten right.
LEARNED = 0.9
# A model that overfits keeps what little it learned before: a judgement from the accuracies of networks trained on
# small samples, which lie above half of the training accuracy; validation on other labels or inputs does not.
APART, APART_SURE = 0.5, 0.8
# What validation gained since its first point, as a share of the scale: a metric that rose has a part in training.
RISEN = 0.1


# A cross entropy below a tenth of a guess's: the right token has nine tenths of its logarithm, so it is known.
KNOWN = 0.1
# A model that memorised a small text before its first validation is sure of wrong tokens and may lie somewhat above a
# uniform guess; a quarter above it is another text than the one trained on (a judgement).
WORSE, WORSE_SURE = 1.25, 1.75


def measure(run: RunRecord, task: Task) -> list[Signal]:
    if task.language_model and task.descending:
        return _of_tokens(run, task)
    return _of_classes(run, task)


def _of_tokens(run: RunRecord, task: Task) -> list[Signal]:
    """Each validation loss is above that of a uniform guess, while training knows its tokens. A model that memorises
    still knows which tokens are frequent, which alone is better than that guess (their entropy is below ln V)."""
    train = training_loss(run)
    loss, chance = validation_loss(run, train), configured_chance(task)
    if train is None or loss is None or chance is None or len(loss) < 3 or loss.series.name != train.series.name:
        return []
    reached, best = end_level(train.values), float(loss.values.min())
    if best < WORSE * chance.loss or not 0 <= reached <= KNOWN * chance.loss:
        return []
    return [
        Signal(
            name="validation_apart",
            text=f"{called(loss.series)} was never better than {number(best)}, above the {number(chance.loss)} of a"
            f" uniform guess among {chance.classes:,} tokens ({chance.origin}), while training loss reaches"
            f" {number(reached)}: what is validated is not what is trained.",
            value=best,
            step=loss.step(0),
            strength=graded(best / chance.loss, WORSE, WORSE_SURE),
            spans=(loss.span(0, -1), train.span(0, -1)),
            values={"validation": best, "training": reached, "chance_loss": chance.loss,
                    "step_kind": loss.series.step_kind},
        )
    ]  # fmt: skip


def _of_classes(run: RunRecord, task: Task) -> list[Signal]:
    train, metric = training_loss(run), quantity(run, "accuracy", "eval")
    if not task.descending or train is None or metric is None or len(metric) < 3 or is_error(train.series):
        return []
    known = _training_accuracy(run, train)
    if known is None:
        return []
    scale = 100.0 if metric.values.max() > 1.0 else 1.0
    accuracy, told = known
    level, best, first = (float(v) / scale for v in (end_level(metric.values), metric.values.max(), metric.values[0]))
    if accuracy < LEARNED or best > (1.0 - APART) * accuracy or best - first > RISEN:
        return []
    return [_signal(metric, train, accuracy, level, told)]


def _training_accuracy(run: RunRecord, train: Curve) -> tuple[float, str] | None:
    """The training accuracy, or its lower bound: each error costs a cross entropy of at least ln 2 (p at most 1/2)."""
    logged = quantity(run, "accuracy", "train")
    if logged is not None:
        level = end_level(logged.values) / (100.0 if logged.values.max() > 1.0 else 1.0)
        return level, f"training accuracy reaches {percent(level)}"
    level = end_level(train.values)
    bound = 1.0 - level / math.log(2.0)
    return (
        (bound, f"the training loss of {number(level)} means at least {percent(bound)} right") if level >= 0 else None
    )


def _signal(metric: Curve, train: Curve, accuracy: float, level: float, told: str) -> Signal:
    missing = 1.0 - level / accuracy
    return Signal(
        name="validation_apart",
        text=f"Validation {metric.series.raw_name} ends at {number(float(metric.values[-1]))} and was never better than"
        f" {number(float(metric.values.max()))} while {told}: what is validated is not what is trained.",
        value=level,
        step=metric.step(0),
        strength=graded(missing, APART, APART_SURE),
        spans=(metric.span(0, -1), train.span(0, -1)),
        values={"validation": level, "training": accuracy, "step_kind": metric.series.step_kind},
    )
