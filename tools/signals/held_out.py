"""Metrics against what they must agree with: the loss, their own best, and the same metric on validation data."""

import math
import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.blow_up import blow_up
from misrun.tools.signals.curve import Curve, chosen, losses, pairs, training_loss
from misrun.tools.signals.evaluation import metrics, rises
from misrun.tools.signals.loss import departure, falls
from misrun.tools.signals.robust import end_level, noise, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, percent, plural, times

# Class weights and rounding may take errors a little over the bound; twice and a tenth of all samples is beyond them.
OVER, OVER_SURE, OVER_SHARE = 2.0, 10.0, 0.1
# Where nothing names the loss it may be a squared error of one-hot targets, whose bound lies lower by the number of
# classes: ten times over, and the training loss must have started at no less than one bit (ln 2), as those do not.
OVER_UNNAMED, OVER_UNNAMED_SURE, UNNAMED_STRENGTH = 10.0, 100.0, 0.9
_CROSS_ENTROPY = re.compile(r"cross[_\s-]?entropy|(?:^|[^a-z])(?:xent|nll|ce|bce)(?:[^a-z]|$)|logloss|forcausallm")
# Losses and settings under which an error may cost less than ln 2.
_CHEAPER = re.compile(r"focal|mse|squared|hinge|margin|contrastive|triplet|distill|class_weight|pos_weight")
# Accuracies of another classifier than the one that the loss trains.
_OTHER_HEAD = re.compile(r"knn|probe|linear|exact|top[-_ ]?\d|@\d")
# A fall of a seventh of what was reached, and of 2 % of the scale; half of it is beyond doubt.
FALLEN, FALLEN_SURE, LEAST_FALL = 1.15, 1.5, 0.02
# Precision falls while a detector begins to find anything at all; it says something only beside recall.
_ONE_SIDED = re.compile(r"(?:^|[_/ .-])(?:precision|recall|p|r)(?:[_/ .-]|$)")
# Held-out sets of the same origin differ by a few points; a tenth of the scale and twice the errors are another cause.
BELOW, BELOW_SURE, MORE_ERRORS = 0.1, 0.4, 2.0
_TEST = re.compile(r"(?:^|[^a-z])(?:test|tst|holdout|hold[_ -]out)(?:[^a-z]|$)")
_VALIDATION = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|dev|eval)(?:[^a-z]|$)")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    found = [_impossible(run, task), _falling(run), _test_below(run)]
    return [signal for signal in found if signal]


def _impossible(run: RunRecord, task: Task) -> Signal | None:
    """More errors than the cross entropy allows: a wrong class has at most probability 1/2, so each error costs at
    least ln 2 and the share of errors is at most loss / ln 2."""
    if not task.descending or _is_cheaper(run):
        return None
    named, accuracies = _is_cross_entropy(run), [s for s in run.series if s.name == "accuracy"]
    for accuracy in sorted(accuracies, key=lambda s: (s.phase != "eval", -len(s.values))):
        loss = chosen(s for s in losses(run, accuracy.phase) if s.file == accuracy.file)
        if loss is not None and not _OTHER_HEAD.search(accuracy.raw_name.lower()):
            signal = _over_bound(run, loss, accuracy, named)
            if signal is not None:
                return signal
    return None


def _is_cross_entropy(run: RunRecord) -> bool:
    """By the name of a loss or of a criterion, or by a perplexity, which is the exponential of one."""
    names = [s.raw_name.lower() for s in run.series]
    said = [str(v.value).lower() for v in run.config if v.name.rsplit(".", 1)[-1] in {"loss", "loss_fn", "criterion"}]
    return any(_CROSS_ENTROPY.search(word) for word in (*names, *said)) or any(
        s.name == "perplexity" for s in run.series
    )


def _is_cheaper(run: RunRecord) -> bool:
    names = [s.raw_name for s in run.series] + [f"{v.name} {v.value}" for v in run.config if v.value]
    return any(_CHEAPER.search(name.lower()) for name in names)


def _over_bound(run: RunRecord, loss: Series, accuracy: Series, named: bool) -> Signal | None:
    both = [(i, j) for i, j in pairs(loss, accuracy)
            if math.isfinite(loss.values[i]) and math.isfinite(accuracy.values[j])]  # fmt: skip
    if not both:
        return None
    late = both[len(both) // 2 :]
    scale = 100.0 if max(accuracy.values[j] for _, j in both) > 1.0 else 1.0
    level = float(np.median([loss.values[i] for i, _ in late]))
    errors = 1.0 - float(np.median([accuracy.values[j] for _, j in late])) / scale
    bound = level / math.log(2.0)
    # Two pairs and more: a last line may hold the loss of a batch beside the accuracy of everything.
    if len(late) < 2 or level < 0.0 or errors - bound < OVER_SHARE:
        return None
    over = errors / bound if bound > 0.0 else math.inf
    if over < (OVER if named else OVER_UNNAMED) or not (named or _starts_like_one(run)):
        return None
    return Signal(
        name="metric_impossible",
        text=f"Accuracy {accuracy.raw_name} is {percent(1.0 - errors)} beside a {loss.raw_name} of {number(level)}:"
        f" an error costs a cross entropy of at least ln 2 = 0.693, so at most {percent(bound)} of the predictions"
        f" can be wrong, not {percent(errors)}; the two are not measured on the same predictions and labels.",
        value=over if math.isfinite(over) else None,
        step=loss.steps[late[0][0]],
        strength=graded(min(over, 1e6), OVER, OVER_SURE)
        if named
        else min(graded(min(over, 1e6), OVER_UNNAMED, OVER_UNNAMED_SURE), UNNAMED_STRENGTH),
        spans=(accuracy.span(late[0][1], late[-1][1]), loss.span(late[0][0], late[-1][0])),
        values={"accuracy": 1.0 - errors, "loss": level, "error_rate": errors, "largest_error_rate": bound,
                "metric": accuracy.raw_name, "loss_series": loss.raw_name, "named": named, "points": len(late),
                "step_kind": loss.step_kind},
    )  # fmt: skip


def _starts_like_one(run: RunRecord) -> bool:
    loss = training_loss(run)
    return loss is not None and loss.series.name == "loss" and float(loss.values[0]) >= math.log(2.0)


def _scale(metric: Curve) -> float:
    return 100.0 if metric.values.max() > 1.0 else 1.0


def _falling(run: RunRecord) -> Signal | None:
    """A metric that should rise ends clearly below where it has been; the one that lost most."""
    known = [Curve.of(s) for s in run.series if rises(s) and not _ONE_SIDED.search(s.raw_name.lower())]
    curves = [curve for curve in known if len(curve) >= 4]
    fallen = [(curve, fall) for curve in curves if (fall := _fall(curve)) is not None]
    if not fallen:
        return None
    metric, (best, level, end) = max(fallen, key=lambda item: 1.0 - item[1][2] / item[1][1])
    risen = next((c.series.raw_name for c in curves if c is not metric and trend(c.values) > 0), None)
    train = training_loss(run)
    beside = f" while {risen} rises" if risen else ""
    return Signal(
        name="metric_falls",
        text=f"Metric {metric.series.raw_name} falls from a level of {number(level)} at {metric.place(best)} to"
        f" {number(end)} before {metric.place(-1)} over {plural(len(metric), 'point')}{beside}.",
        value=1.0 - end / level,
        step=metric.step(best),
        strength=0.4 if _lost_loss(train) else graded(2.0 - end / level, FALLEN, FALLEN_SURE),
        spans=(metric.span(best), metric.span(-1)),
        values={"metric": metric.series.raw_name, "phase": metric.series.phase, "best": level, "end": end,
                "first": float(metric.values[0]), "rising_metric": risen, "points": len(metric),
                "loss_falls": train is not None and falls(train), "onset_step": metric.step(best),
                "step_kind": metric.series.step_kind},
    )  # fmt: skip


def _lost_loss(train: Curve | None) -> bool:
    """Whether the training loss went first: then a metric falls because the weights are gone."""
    if train is None:
        return False
    return train.series.first_nonfinite is not None or blow_up(train) is not None or departure(train) is not None


def _fall(metric: Curve) -> tuple[int, float, float] | None:
    """(point of the best, its level, the level at the end) of a metric that fell for good, else None."""
    values = metric.values
    # The best of many noisy values lies above their level; the middle of three does not.
    smooth = np.array([np.median(values[max(0, i - 1) : i + 2]) for i in range(len(values))])
    best = int(np.argmax(smooth))
    tail = values[-max(2, len(values) // 5) :]
    level, end = float(smooth[best]), float(np.median(tail))
    lost = level - end
    # In a short series that only falls, the differences that noise is estimated from are the fall itself.
    steady = bool((np.diff(values) <= 0.0).all())
    clear = steady or (lost > 4.0 * noise(values) and float(tail.max()) < level - 0.5 * lost)
    enough = level > 0.0 and lost > LEAST_FALL * _scale(metric) and 1.0 + lost / level >= FALLEN
    if best >= len(values) - len(tail) or not clear or not enough:
        return None
    # A swing comes back within a quarter of the run; a fall at one step has no trend and stays down longer than that.
    low = int(np.argmax(values[::-1] > level - 0.5 * lost))
    stays = low >= max(4, len(values) // 4)
    return (best, level, end) if steady or stays or trend(values[best:]) < 0 or trend(values) < 0 else None


def _test_below(run: RunRecord) -> Signal | None:
    """The same metric far worse on the test set than on the validation set at the end; the largest difference."""
    evaluated = [s for s in metrics(run) if rises(s)]
    validation = [s for s in evaluated if _VALIDATION.search(s.raw_name.lower()) and not _is_test(s)]
    found = []
    for test in filter(_is_test, evaluated):
        other = chosen(s for s in validation if s.name == test.name)
        signal = _test_against(Curve.of(test), Curve.of(other)) if other is not None else None
        found += [signal] if signal else []
    return max(found, key=lambda signal: float(signal.value or 0.0), default=None)


def _is_test(series: Series) -> bool:
    return _TEST.search(series.raw_name.lower()) is not None


def _test_against(test: Curve, validation: Curve) -> Signal | None:
    if not len(test) or len(validation) < 2:
        return None
    scale = max(_scale(test), _scale(validation))
    here, there = end_level(test.values) / scale, end_level(validation.values) / scale
    below, more = there - here, (1.0 - here) / max(1.0 - there, 1e-3)
    if below < BELOW or more < MORE_ERRORS:
        return None
    return Signal(
        name="test_below_validation",
        text=f"Metric {test.series.raw_name} is {number(here * scale)} although {validation.series.raw_name} ends at"
        f" {number(there * scale)}: {times(more)} the distance to {scale:g}.",
        value=below,
        step=test.step(-1),
        strength=graded(below, BELOW, BELOW_SURE),
        spans=(test.span(-1), validation.span(-1)),
        values={"metric": test.series.name, "test": here * scale, "validation": there * scale, "difference": below,
                "error_ratio": more, "step_kind": test.series.step_kind},
    )  # fmt: skip
