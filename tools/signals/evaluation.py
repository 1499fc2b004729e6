"""Evaluation by itself: whether it improves, whether it is better than a guess, and whether it moves at all."""

import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.blow_up import blow_up
from misrun.tools.signals.curve import Curve, called, chosen, quantity, training_loss, validation_loss
from misrun.tools.signals.loss import falls
from misrun.tools.signals.robust import end_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, configured_chance
from misrun.tools.signals.wording import number, percent, plural

# The same scale as loss_improving: 5 % is just an improvement, half the way to the best is one beyond doubt.
SMALL, SURE = 0.05, 0.5
# An improvement must last: four fifths of what was gained are still there at the end (half is where loss_divergence
# begins).
KEPT = 0.8
# Less than a tenth of the way from a guess to perfect is poor, a hundredth is nothing.
POOR, NOTHING = 0.1, 0.01
# A judgement: on the evaluation sets of small runs (hundreds of samples) this leaves a few errors.
ARRIVED = 0.99
# It is poor for good only where it shows no trend, or the second half did not raise it by a quarter any more.
STILL_RISING = 1.25
_HIGHER_IS_BETTER = re.compile(
    r"acc|f1|auc|map\b|map50|precision|recall|bleu|rouge|iou|dice|r2|exact_match|\bem\b|"
    r"mcc|matthews|kappa|psnr|ssim|top[-_ ]?[15]|pearson|spearman|success"
)
# The same as whole words, for names of no known phase: "knn_acc" and "entity_f1" rise, "accum_steps" does not.
_RISING_WORD = re.compile(
    r"(?:^|[_/ .@-])(?:acc(?:uracy|uracies)?\d?|f1|auc|auroc|auprc|map(?:50)?|precision|recall|bleu|rouge[\dl]?|m?iou|"
    r"dice|r2|em|mcc|kappa|psnr|ssim|top[15]|pearson|spearman|ndcg|mrr|entity_[pr])(?:[_/ .@-]|$)"
)
_BOOKKEEPING = re.compile(
    r"runtime|per_second|/s\b|epoch|step|\biter|\blr\b|learning_rate|num_|count|time|size|hp_metric|samples|tokens|"
    r"memory|fps|seed|batch"
)
# "precision 16" is a number format, not a share of anything.
_BIT_WIDTHS = {8.0, 16.0, 32.0, 64.0}
# What a guess reaches where it does not depend on the classes: R² of the mean, AUC of a coin, agreement beyond chance.
_GUESS = ((re.compile(r"auc|auroc"), 0.5), (re.compile(r"\br2\b|mcc|matthews|kappa|pearson|spearman"), 0.0))
# Metrics with no upper end at 1 or 100.
_UNBOUNDED = re.compile(r"psnr")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    poor, constant = _poor(run, task), _constant_metric(run)
    improving = _improving(run, task)
    if improving is not None and (poor or constant):
        # Better than at the start, and still hardly better than a guess or with a metric that never moved.
        improving = improving.model_copy(update={"strength": min(improving.strength, 0.4)})
    return [signal for signal in (improving, poor, constant) if signal]


def metrics(run: RunRecord) -> list[Series]:
    """Evaluation metrics by phase, or by the "metrics/" prefix of ultralytics.

    Without bookkeeping and placeholders (Lightning's hp_metric is -1 until it is set).
    """
    evaluated = [s for s in run.series if s.phase == "eval" or s.raw_name.lower().startswith("metrics/")]
    return [s for s in evaluated if not _BOOKKEEPING.search(s.name) and not _is_format(s)]


def rises(series: Series) -> bool:
    """Whether a series of any phase is a metric whose direction is known to be up, by a whole word of its name."""
    known = series.name == "accuracy" or _RISING_WORD.search(series.name) is not None
    return known and not _BOOKKEEPING.search(series.name) and not _is_format(series)


def _is_format(series: Series) -> bool:
    return series.name == "precision" and set(series.values) <= _BIT_WIDTHS


def task_metric(run: RunRecord) -> Curve | None:
    """The evaluation metric with most points whose direction is known to be up, if it has three points."""
    series = chosen(s for s in metrics(run) if _HIGHER_IS_BETTER.search(s.name))
    curve = Curve.of(series) if series else None
    return curve if curve is not None and len(curve) >= 3 else None


def _scale(metric: Curve) -> float:
    """The best possible value: 1, or 100 for percentages."""
    return 100.0 if metric.values.max() > 1.0 else 1.0


def _improving(run: RunRecord, task: Task) -> Signal | None:
    """Validation loss falls, else the task's metric rises, and keeps what it gained."""
    train = training_loss(run)
    blown = blow_up(train) if train is not None else None
    if not task.descending or (blown and not blown.survived):
        return None
    loss, metric = validation_loss(run, train) or quantity(run, "perplexity", "eval"), task_metric(run)
    by_loss = _falling_loss(loss) if loss is not None else None
    by_metric = _rising_metric(metric) if metric is not None and by_loss is None else None
    if by_metric is not None and loss is not None and len(loss) >= 3 and not _lasts(loss.values):
        # An accuracy may rise while the model grows surer of its errors; it is no proof of health then.
        return by_metric.model_copy(update={"strength": min(by_metric.strength, 0.4)})
    return by_loss or by_metric


def _lasts(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether a curve that should fall ends near its best: at least `KEPT` of the gain is still there."""
    first, best, end = float(values[0]), float(values.min()), end_level(values)
    return first - end >= KEPT * (first - best)


def _falling_loss(loss: Curve) -> Signal | None:
    if not falls(loss) or not _lasts(loss.values):
        return None
    first, last = float(loss.values[0]), end_level(loss.values)
    share = (first - last) / abs(first) if first else 1.0
    return _improvement(loss, share, f"{called(loss.series)} falls from {number(first)} to {number(last)}", "")


def _rising_metric(metric: Curve) -> Signal | None:
    """By the distance to the best value, so that 0.5 to 0.6 counts and 0.10 to 0.12 does not."""
    first, last = float(metric.values[0]), end_level(metric.values)
    bounded = not _UNBOUNDED.search(metric.series.name)
    way = Curve(metric.series, metric.steps, _scale(metric) - metric.values, metric.index)
    if bounded and (not falls(way) or not _lasts(way.values) or way.values[0] <= 0):
        return None
    turned = Curve(metric.series, metric.steps, 2.0 * first - metric.values, metric.index)
    if not bounded and (first <= 0 or not falls(turned) or not _lasts(turned.values)):
        return None
    share = (last - first) / (float(way.values[0]) if bounded else first)
    told = f"Validation {metric.series.raw_name} rises from {number(first)} to {number(last)}"
    return _improvement(metric, share, told, f" of the way to {_scale(metric):g}" if bounded else "")


def _improvement(curve: Curve, share: float, told: str, of: str) -> Signal:
    return Signal(
        name="validation_improving",
        text=f"{told} between {curve.place(0)} and {curve.place(-1)} ({percent(share)}{of},"
        f" {plural(len(curve), 'evaluation')}).",
        value=share,
        strength=graded(share, SMALL, SURE),
        spans=(curve.span(0, -1),),
        values={"metric": curve.series.raw_name, "first": float(curve.values[0]), "last": end_level(curve.values),
                "improvement": share, "evaluations": len(curve), "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _guess(name: str, task: Task) -> float | None:
    """What a guess reaches in a metric, on the scale 0..1; None where nothing tells."""
    known = next((level for pattern, level in _GUESS if pattern.search(name)), None)
    chance = None if task.language_model else configured_chance(task)
    return chance.accuracy if known is None and name == "accuracy" and chance else known


def _poor(run: RunRecord, task: Task) -> Signal | None:
    """A metric whose guess level is known ends hardly above it and has stopped rising."""
    for series in sorted(metrics(run), key=lambda s: -len(s.values)):
        guess, metric = _guess(series.name, task), Curve.of(series)
        if guess is None or len(metric) < 4:
            continue
        # R² and correlations of 1.0 are already shares.
        levels = (metric.values / _scale(metric) - guess) / (1.0 - guess)
        end, middle = end_level(levels), float(np.median(levels[len(levels) // 4 : len(levels) // 2 + 1]))
        rising = end > STILL_RISING * max(middle, NOTHING) and trend(levels) > 0
        if end < POOR and not rising:
            return _poor_signal(metric, end, guess * _scale(metric))
    return None


def _poor_signal(metric: Curve, skill: float, guess: float) -> Signal:
    last = end_level(metric.values)
    return Signal(
        name="validation_poor",
        text=f"Validation {metric.series.raw_name} ends at {number(last)} after"
        f" {plural(len(metric), 'evaluation')}, {percent(max(skill, 0.0))} of the way from the {number(guess)} of a"
        " guess to perfect, and has stopped rising.",
        value=last,
        step=metric.step(0),
        strength=graded(POOR / max(skill, NOTHING), 1.0, POOR / NOTHING),
        spans=(metric.span(0, -1),),
        values={"metric": metric.series.raw_name, "last": last, "guess": guess, "skill": skill,
                "evaluations": len(metric), "step_kind": metric.series.step_kind},
    )  # fmt: skip


def _is_nearly_perfect(series: Series) -> bool:
    """One error in a hundred or less on a metric that rises: a metric that has arrived stays where it is."""
    value = series.values[0]
    return bool(_HIGHER_IS_BETTER.search(series.name)) and (ARRIVED <= value <= 1.0 or 100 * ARRIVED <= value <= 100.0)


def _constant_metric(run: RunRecord) -> Signal | None:
    """An evaluation metric that never changes in any digit; losses included."""
    fixed = [s for s in metrics(run) if len(s.values) >= 3 and len(set(s.values)) == 1 and np.isfinite(s.values[0])]
    # A perfect score (1 or 100) that stays is success; validation_suspiciously_good looks at that.
    fixed = [s for s in fixed if s.values[0] not in (1.0, 100.0, -1.0) and not _is_nearly_perfect(s)]
    series = chosen(fixed)
    if series is None:
        return None
    others = dict.fromkeys(s.raw_name for s in fixed if s.raw_name != series.raw_name)
    also = f"; so are {', '.join(list(others)[:4])}" if others else ""
    return Signal(
        name="metric_constant",
        text=f"Metric {series.raw_name} is {number(series.values[0])} at every one of"
        f" {plural(len(series.values), 'evaluation')}{also}.",
        value=series.values[0],
        step=series.steps[0],
        # Three equal values of a coarse metric can be chance.
        strength=graded(len(series.values), 3, 6),
        spans=tuple(s.span(0, -1) for s in [series, *(s for s in fixed if s is not series)][:3]),
        values={"metric": series.raw_name, "level": series.values[0], "evaluations": len(series.values),
                "constant": 1 + len(others), "step_kind": series.step_kind},
    )  # fmt: skip
