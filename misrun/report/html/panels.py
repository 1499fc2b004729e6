"""The six panels of the training plot: which curves each shows, and what is marked on them.

The six are those of the benchmark paper's training plot: loss, learning rate, task metric, gradient norm, memory and
throughput.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from misrun.agents.report import Report
from misrun.report.html.axis import Axis
from misrun.report.html.thinning import kept
from misrun.tools.readers.builder import StepKind
from misrun.tools.readers.metric_names import is_measured_in_evaluation
from misrun.tools.readers.run_record import Phase, RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import chosen, losses
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number

# More restarts of the step counter than this are one that begins anew in every epoch, not resumed runs (a judgement).
_MOST_PARTS = 6
# Marks on one panel: more cannot be told apart (a judgement); the list of signals in the report has all.
_MOST_MARKS = 6


@dataclass(frozen=True)
class Line:
    """One curve to draw. `x`, `y` and `lines` have one length; y is None where the value was not finite."""

    label: str
    source: str
    dashed: bool
    x: list[float]
    y: list[float | None]
    lines: list[int]
    summary: str


@dataclass(frozen=True)
class Mark:
    """Something that began at `x`, with the sentence and the places it was read from."""

    x: float
    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One plot. Without lines it says in `missing` what to log."""

    title: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    gaps: tuple[tuple[float, float], ...]
    missing: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plot:
    """All panels over one axis. `onset` is where the failure began on it."""

    axis: str
    onset: float | None
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class _Kind:
    """What belongs into a panel: its curves, the signals (by the start of their names), and what to log for it."""

    title: str
    series: Callable[[RunRecord], Sequence[Series]]
    signals: tuple[str, ...]
    missing: str


def training_plot(report: Report, run: RunRecord) -> Plot:
    """The six panels of a run."""
    axis = main_axis(run)
    onset = onset_on(report, axis)
    return Plot(axis.name, onset, tuple(_panel(kind, report, run, axis) for kind in _KINDS))


def main_axis(run: RunRecord) -> Axis:
    """The axis that counts what most of the drawn points are counted in."""
    counts: Counter[StepKind] = Counter()
    for kind in _KINDS:
        for series in kind.series(run):
            counts[series.step_kind] += len(series.values)
    return Axis.of(run, next((kind for kind, _ in counts.most_common(1)), "step"))


def onset_on(report: Report, axis: Axis) -> float | None:
    """Where the failure began on an axis; None where that is not known."""
    step = report.characterization.onset_step
    if step is None:
        return None
    begun = (axis.of_signal(signal) for signal in report.signals if signal.step == step)
    return next((place for place in begun if place is not None), step if axis.kind == "step" else None)


def _panel(kind: _Kind, report: Report, run: RunRecord, axis: Axis) -> Panel:
    found = kind.series(run)
    placed = [(series, axis.of_series(series)) for series in found]
    lines = tuple(line for series, x in placed if x is not None for line in _lines(series, x))
    notes = tuple(
        f"{s.raw_name} ({s.file}) is counted by {s.step_kind} and cannot be placed on this axis; last value "
        f"{number(s.values[-1])}."
        for s, x in placed
        if x is None
    )
    marks = tuple(_marks(kind, report.signals, axis)) if lines else ()
    gaps = tuple(gap for series, x in placed if x is not None for gap in _gaps(series, x))
    return Panel(kind.title, lines, marks, gaps[:20], kind.missing, notes)


def _lines(series: Series, x: list[float]) -> Iterator[Line]:
    """The series as one curve, or as one per run where the step counter went back (resumed, appended)."""
    xs, ys = np.asarray(x), np.asarray(series.values, dtype=np.float64)
    starts = [0, *(int(i) + 1 for i in np.flatnonzero(np.diff(xs) < 0)), len(xs)]
    if len(starts) - 1 > _MOST_PARTS:
        order = np.argsort(xs, kind="stable")
        yield _line(series, order, xs, ys, "")
        return
    for part, (low, high) in enumerate(pairwise(starts), start=1):
        name = f", part {part}" if len(starts) > 2 else ""
        yield _line(series, np.arange(low, high), xs, ys, name)


def _line(
    series: Series, order: NDArray[np.int64], xs: NDArray[np.float64], ys: NDArray[np.float64], part: str
) -> Line:
    values = ys[order]
    shown = order[kept(values)]
    return Line(
        label=f"{series.raw_name}{part}",
        source=series.file,
        dashed=series.phase == "eval",
        x=[float(value) for value in xs[shown]],
        y=[float(f"{value:.6g}") if math.isfinite(value) else None for value in ys[shown]],
        lines=[series.lines[int(i)] for i in shown],
        summary=_summary(values),
    )


def _summary(values: NDArray[np.float64]) -> str:
    """What the curve shows, in words."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return f"none of {len(values)} points is finite"
    lost = len(values) - len(finite)
    text = f"{len(values)} points, first {number(finite[0])}, last {number(finite[-1])}, "
    text += f"lowest {number(finite.min())}, highest {number(finite.max())}"
    return f"{text}, {lost} not finite" if lost else text


def _gaps(series: Series, x: list[float]) -> Iterator[tuple[float, float]]:
    """The stretches in which the values are not finite."""
    start: float | None = None
    for place, value in zip(x, series.values, strict=True):
        if not math.isfinite(value):
            start = place if start is None else start
        elif start is not None:
            yield start, place
            start = None
    if start is not None:
        yield start, max(x)


def _marks(kind: _Kind, signals: Sequence[Signal], axis: Axis) -> Iterator[Mark]:
    own = (s for s in signals if s.name.startswith(kind.signals) and not s.name.startswith("loss_scale"))
    found = [(axis.of_signal(signal), signal) for signal in own]
    marks = [Mark(x, signal.text, signal.spans) for x, signal in found if x is not None]
    yield from sorted(marks[:_MOST_MARKS], key=lambda mark: mark.x)


def _loss(run: RunRecord) -> list[Series]:
    return [*losses(run, "train")[:1], *losses(run, "eval")[:1]]


def _one(name: str) -> Callable[[RunRecord], list[Series]]:
    def series(run: RunRecord) -> list[Series]:
        found = chosen(run.named(name))
        return [found] if found else []

    return series


def _both_phases(run: RunRecord, name: str) -> list[Series]:
    phases: tuple[Phase, ...] = ("train", "eval")
    found = (chosen(run.named(name, phase)) for phase in phases)
    return [series for series in found if series]


def _task(run: RunRecord) -> list[Series]:
    """Perplexity or reward; else accuracy and the share (F1, AUC) measured beside it; else another metric."""
    known = next((found for name in ("perplexity", "reward") if (found := _both_phases(run, name))), None)
    measured = chosen(s for s in run.series if s.phase == "eval" and s.name != "accuracy" and _is_quality(s))
    shares = [*_both_phases(run, "accuracy"), *([measured] if measured else [])]
    other = chosen(s for s in run.series if s.phase == "eval" and "loss" not in s.name)
    return known or shares or ([other] if other else [])


def _is_quality(series: Series) -> bool:
    """Whether it is called what only evaluations measure, with or without the name of the phase."""
    bare = series.name.split("/")[-1]
    return is_measured_in_evaluation(series.raw_name) or is_measured_in_evaluation(bare)


def _speed(run: RunRecord) -> list[Series]:
    return _one("throughput")(run) or _one("step_time")(run)


_KINDS = (
    _Kind(
        "Loss", _loss, ("loss_", "nan_from_start", "validation_gap", "validation_flat", "validation_noisy"),
        "Log the training loss every few steps, and the validation loss at every evaluation.",
    ),
    _Kind("Learning rate", _one("lr"), ("lr_",), "Log optimizer.param_groups[0]['lr']."),
    _Kind(
        "Task metric", _task,
        ("metric_", "one_class", "perplexity", "reward", "test_below", "validation_poor", "validation_suspiciously"),
        "Log the metric that the task is judged by (perplexity, accuracy, F1, return) on held-out data.",
    ),
    _Kind("Gradient norm", _one("grad_norm"), ("grad",), "Log what torch.nn.utils.clip_grad_norm_ returns."),
    _Kind("Memory", _one("memory"), ("memory_",), "Log torch.cuda.memory_allocated(), or the resident memory."),
    _Kind("Throughput", _speed, ("throughput", "loader_bound"), "Log samples (or tokens) per second."),
)  # fmt: skip
