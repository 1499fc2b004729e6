"""One series as arrays, and which of several series stands for a quantity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from misrun.tools.readers.run_record import Phase, RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.robust import Floats

# Losses and metrics that are means over the run so far: they lag behind and keep one NaN for ever.
_AVERAGE_WORDS = ("avg", "average", "running", "smooth", "mean")

# Names of a whole objective in logs that never say "loss" (metric_names already reads nll, ce and objective as loss).
_OBJECTIVES = (
    "bce", "binary_crossentropy", "binary_cross_entropy", "cross_entropy", "crossentropy", "categorical_crossentropy",
    "sparse_categorical_crossentropy", "xent", "neg_elbo", "negative_elbo", "nelbo", "elbo", "free_energy", "cost",
)  # fmt: skip
# Measures of error that are minimised themselves where nothing else is logged, squared ones first: they are what
# regression minimises most.
_ERRORS = (
    "mse", "mean_squared_error", "rmse", "root_mean_squared_error", "mae", "mean_absolute_error", "l2", "l1", "huber",
    "smooth_l1", "recon", "reconstruction", "reconstruction_error", "rec", "error", "err",
)  # fmt: skip


_PHASES = ("train", "training", "tr", "trn", "val", "valid", "validation", "dev")


@dataclass(frozen=True)
class Curve:
    """The finite points of a series; `index` maps each to its place in the series."""

    series: Series
    steps: Floats
    values: Floats
    index: NDArray[np.int64]

    @classmethod
    def of(cls, series: Series) -> "Curve":
        values = np.asarray(series.values, dtype=np.float64)
        index = np.flatnonzero(np.isfinite(values))
        return cls(series, np.asarray(series.steps, dtype=np.float64)[index], values[index], index)

    def __len__(self) -> int:
        return len(self.values)

    def span(self, first: int, last: int | None = None) -> Span:
        """The citation of finite points `first`..`last`."""
        return self.series.span(int(self.index[first]), None if last is None else int(self.index[last]))

    def place(self, at: int) -> str:
        """The finite point `at` in words: "step 157"."""
        return place(self.series, int(self.index[at]))

    def step(self, at: int) -> float:
        return float(self.steps[at])

    def slice(self, first: int, last: int | None = None) -> "Curve":
        """Points first..last-1 as a curve of the same series."""
        part = slice(first, last)
        return Curve(self.series, self.steps[part], self.values[part], self.index[part])

    def until(self, step: float) -> int:
        """Number of points logged at or before `step` (steps that restart count by their order)."""
        late = np.flatnonzero(self.steps > step)
        return int(late[0]) if len(late) else len(self)

    @cached_property
    def restarts(self) -> tuple[int, ...]:
        """Points before which the step counter went back: the run was resumed or its log appended to."""
        return tuple(int(i) + 1 for i in np.flatnonzero(np.diff(self.steps) < 0))


def is_error(series: Series) -> bool:
    """Whether a loss is a distance between numbers: never below 0, and no logarithm of a probability."""
    return _spelled(series) in _ERRORS


def _spelled(series: Series) -> str:
    """The name with one separator: "cross-entropy" and "cross entropy" are cross_entropy."""
    return series.name.replace("-", "_").replace(" ", "_")


def place(series: Series, at: int) -> str:
    """Point `at` of a series in words: "step 157", "epoch 0.75" or "point 12"."""
    step = series.steps[at]
    if series.step_kind == "index":
        return f"point {int(step) + 1}"
    return f"{series.step_kind} {step:g}" if step < 1e6 else f"{series.step_kind} {step:,.0f}"


def is_average(series: Series) -> bool:
    """Whether the raw name says that the values are means over earlier points."""
    return any(word in series.raw_name.lower() for word in _AVERAGE_WORDS)


def _preference(series: Series) -> tuple[int, int, bool, bool]:
    kinds = {"step": 2, "epoch": 1, "index": 0}
    return len(series.values), kinds[series.step_kind], series.rank in (None, 0), not is_average(series)


def chosen(series: Iterable[Series]) -> Series | None:
    """The most informative: most points, then counted in steps, of rank 0, and not an average."""
    return max(series, key=_preference, default=None)


def quantity(run: RunRecord, name: str, phase: Phase | None = None) -> Curve | None:
    """The curve that stands for a canonical metric name, or None when no finite point of it was logged."""
    series = chosen(run.named(name, phase))
    curve = Curve.of(series) if series else None
    return curve if curve is not None and len(curve) else None


def losses(run: RunRecord, phase: Phase) -> tuple[Series, ...]:
    """Every series of the loss of one phase, best first: the first of these that was logged.

    1. a series that is called loss; 2. an objective under its own name (bce, neg_elbo, cost), in the order of
    `_OBJECTIVES`; 3. the parts of a loss (box_loss, policy_loss; their weights are not in the log, so they are not
    added up); 4. a measure of error (mse, mae), in the order of `_ERRORS`; 5. what is called by its phase alone ("train
    1.39"). `called` says which one a sentence is about.
    """
    logged = [s for s in run.series if s.phase == phase]
    parts = [s for s in logged if "loss" in s.name and "scale" not in s.name]
    groups = (
        run.named("loss", phase),
        *([s for s in logged if _spelled(s) == name and _descends(s)] for name in _OBJECTIVES),
        parts,
        *([s for s in logged if _spelled(s) == name] for name in _ERRORS),
        [s for s in logged if _spelled(s) in _PHASES and _is_no_share(s)],
    )
    return tuple(sorted(next(filter(None, groups), ()), key=_preference, reverse=True))


def _is_no_share(series: Series) -> bool:
    """Whether values that are named by their phase alone are losses: an accuracy lies between 0 and 1, or rises."""
    finite = [value for value in series.values if math.isfinite(value)]
    return bool(finite) and (finite[-1] <= finite[0] or (max(finite) > 1.0 and max(finite) < 20.0))


def _descends(series: Series) -> bool:
    """Whether it is the negative of an ELBO: the bound itself is below 0 for discrete data, and rises."""
    first = next((value for value in series.values if math.isfinite(value)), math.nan)
    return _spelled(series) != "elbo" or first > 0.0


def called(series: Series) -> str:
    """What a sentence calls a loss: "Training loss", "Validation loss part box_loss", "Training objective mae"."""
    phase = "Validation" if series.phase == "eval" else "Training"
    if series.name == "loss":
        return f"{phase} loss"
    return f"{phase} {'loss part' if 'loss' in series.name else 'objective'} {series.name}"


def training_losses(run: RunRecord) -> tuple[Series, ...]:
    """Every series of the training loss, best first (see `losses`)."""
    return losses(run, "train")


def training_loss(run: RunRecord) -> Curve | None:
    """The training loss, or None when it was never logged as a finite number."""
    curves = (_credible(run, Curve.of(series)) for series in training_losses(run))
    return next((curve for curve in curves if len(curve)), None)


def validation_loss(run: RunRecord, train: Curve | None) -> Curve | None:
    """The validation loss: the quantity that training logs where there is one, else by the order of `losses`."""
    same = quantity(run, train.series.name, "eval") if train is not None else None
    curves = (Curve.of(series) for series in losses(run, "eval"))
    return same or next((curve for curve in curves if len(curve)), None)


def _credible(run: RunRecord, loss: Curve) -> Curve:
    """Without the points of a filtered NaN: where zeros stand beside NaN gradient norms (nonfinite.loss_hidden_nan),
    every value beside one is made up, also the smaller mean of the window in which the NaN came.
    """
    gradients = chosen(run.named("grad_norm", "train"))
    if gradients is None or gradients.first_nonfinite is None or not (loss.values == 0.0).any():
        return loss
    hidden = {i for i, j in pairs(loss.series, gradients) if math.isnan(gradients.values[j])}
    if not any(loss.series.values[i] == 0.0 for i in hidden):
        return loss
    kept = np.array([i not in hidden for i in loss.index.tolist()])
    return Curve(loss.series, loss.steps[kept], loss.values[kept], loss.index[kept])


def pairs(one: Series, other: Series) -> tuple[tuple[int, int], ...]:
    """Indices (i, j) of points logged together: on the same line of the same file, else at the same step."""
    if one.file == other.file and any(one.lines):
        by_line = {line: j for j, line in enumerate(other.lines) if line}
        same = tuple((i, by_line[line]) for i, line in enumerate(one.lines) if line in by_line)
        if same:
            return same
    if one.step_kind != other.step_kind:
        return ()
    by_step = {step: j for j, step in enumerate(other.steps)}
    return tuple((i, by_step[step]) for i, step in enumerate(one.steps) if step in by_step)


def counterpart(series: Series, at: int, other: Series) -> int | None:
    """Index in `other` of the last point logged at or before point `at` of `series`; None when nothing relates them."""
    if series.step_kind == other.step_kind and series.step_kind != "index":
        earlier = [j for j, step in enumerate(other.steps) if step <= series.steps[at]]
        return earlier[-1] if earlier else None
    if series.file == other.file and series.lines[at]:
        earlier = [j for j, line in enumerate(other.lines) if 0 < line <= series.lines[at]]
        return earlier[-1] if earlier else None
    return at if len(series.steps) == len(other.steps) else None
