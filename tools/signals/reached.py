"""What a run has reached by its end: a metric far above a guess, or two adversaries in balance."""

import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.adversarial import balanced
from misrun.tools.signals.curve import Curve
from misrun.tools.signals.evaluation import metrics, rises
from misrun.tools.signals.robust import end_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, configured_chance
from misrun.tools.signals.wording import number, percent

# Half of the way from a guess to perfect is well learned, four fifths beyond doubt. Of a metric whose guess is not
# known two thirds of the scale stand for it: a guess among two classes reaches one half.
WAY, WAY_SURE, BINARY = 0.5, 0.8, 0.5
# Nine tenths of the best value are still there at the end.
KEPT = 0.9
_NO_BOUND = re.compile(r"psnr|bleu")
_FROM_ZERO = re.compile(r"r2|mcc|matthews|kappa|pearson|spearman|iou|dice|map")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    found = [_reached(run, task), balanced(run, task)]
    return [signal for signal in found if signal]


def _reached(run: RunRecord, task: Task) -> Signal | None:
    """The evaluation metric that came furthest; none where any metric of the same phase is still near a guess."""
    judged = [(curve, _way(curve, task)) for s in metrics(run) if _is_judged(s) and len(curve := Curve.of(s)) >= 3]
    if not judged or min(way for _, way in judged) < WAY / 2:
        return None
    curve, way = max(judged, key=lambda pair: pair[1])
    end = end_level(curve.values)
    if way < WAY or end < KEPT * float(np.max(curve.values)):
        return None
    return Signal(
        name="metric_reached",
        text=f"Validation {curve.series.raw_name} ends at {number(end)}, {percent(way)} of the way from a guess to"
        " perfect.",
        value=way,
        strength=graded(way, WAY, WAY_SURE),
        spans=(curve.span(-1),),
        values={"metric": curve.series.raw_name, "last": end, "way": way, "step_kind": curve.series.step_kind},
    )


def _is_judged(series: Series) -> bool:
    return rises(series) and not _NO_BOUND.search(series.raw_name.lower())


def _way(curve: Curve, task: Task) -> float:
    scale = 100.0 if curve.values.max() > 1.0 else 1.0
    chance = None if task.language_model else configured_chance(task)
    guess = chance.accuracy if chance and curve.series.name == "accuracy" else BINARY
    guess = 0.0 if _FROM_ZERO.search(curve.series.raw_name.lower()) else guess
    return (end_level(curve.values) / scale - guess) / (1.0 - guess)
