"""Training losses that are no numbers any more: NaN, infinity, a zero that hides a NaN, and a zero that is one."""

import math

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, called, chosen, counterpart, is_average, pairs, place, training_losses
from misrun.tools.signals.precursors import leading_to
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, plural

# A loss that came down to a thousandth of its start and then reads 0 was rounded to 0 (transformers 4 prints four
# digits): it converged.
CONVERGED = 1e-3


def measure(run: RunRecord, task: Task) -> list[Signal]:
    found = [loss_nonfinite(run), nan_from_start(run), loss_hidden_nan(run)]
    if found[-1] is None:
        found.append(loss_zero(run, task))
    return [signal for signal in found if signal]


def loss_nonfinite(run: RunRecord) -> Signal | None:
    """The first NaN or infinity of the training loss, and what led to it.

    A mean that keeps one NaN for the rest of an epoch is not believed where the plain loss stays finite.
    """
    series = failed_loss(run)
    return _nonfinite_signal(run, series) if series else None


def failed_loss(run: RunRecord) -> Series | None:
    """The series of the training loss that stands for its non-finite values, or None."""
    losses = training_losses(run)
    plain = [s for s in losses if not is_average(s) and len(s.values) > 1]
    bad = [s for s in losses if s.first_nonfinite is not None]
    if bad and all(map(is_average, bad)) and plain:
        return None
    return min(bad, key=lambda s: (s is not losses[0], is_average(s)), default=None)


def nan_from_start(run: RunRecord) -> Signal | None:
    """Not finite at the first logged point and hardly ever after: nothing that training did can have caused it.

    With a gradient norm of exactly 0 beside it, the loss is 0/0: torch's cross_entropy takes the mean over the targets
    that are not ignore_index, and is NaN with gradient 0 when there are none (torch.nn.CrossEntropyLoss, "reduction").
    """
    series = failed_loss(run)
    if series is None or series.first_nonfinite != 0 or sum(map(math.isfinite, series.values)) > len(series.values) / 2:
        return None
    norm = _norm_at_start(run, series)
    beside = "" if norm is None else f", with gradient norm {'exactly 0' if norm == 0.0 else number(norm)}"
    return Signal(
        name="nan_from_start",
        text=f"{called(series)} is {number(series.values[0])} at its first logged point already"
        f" ({place(series, 0)}){beside}.",
        step=series.steps[0],
        # A first point after many steps says less: the loss may have been finite before.
        strength=1.0 if _logged_from_start(series) else 0.6,
        spans=(series.span(0),),
        values={"kind": number(series.values[0]), "grad_norm": norm, "grad_norm_zero": norm == 0.0,
                "points": len(series.values), "series": series.raw_name, "onset_step": series.steps[0],
                "step_kind": series.step_kind},
    )  # fmt: skip


def _norm_at_start(run: RunRecord, loss: Series) -> float | None:
    gradients = chosen(run.named("grad_norm", "train"))
    at = counterpart(loss, 0, gradients) if gradients else None
    return gradients.values[at] if gradients and at is not None else None


def _logged_from_start(series: Series) -> bool:
    """Whether the first point comes within one logging interval of the start."""
    if series.step_kind == "index" or len(series.steps) < 2:
        return series.step_kind == "index" or series.steps[0] <= 1
    return series.steps[0] <= max(1.0, float(np.median(np.diff(series.steps))))


def _nonfinite_signal(run: RunRecord, series: Series) -> Signal:
    at = series.first_nonfinite or 0
    bad = [i for i, value in enumerate(series.values) if not math.isfinite(value)]
    recovered = _recovers(series, bad)
    before = leading_to(run, series, at)
    values: dict[str, Scalar] = {
        "kind": number(series.values[at]), "onset_step": series.steps[at], "step_kind": series.step_kind,
        "nonfinite": len(bad), "points": len(series.values), "recovered": recovered, "series": series.raw_name,
    }  # fmt: skip
    spans = [series.span(at)]
    if at:
        values |= {"last_finite": series.values[at - 1], "last_finite_step": series.steps[at - 1]}
        spans.append(series.span(at - 1))
    return Signal(
        name="loss_nonfinite",
        text="; ".join([_nonfinite_clause(series, at, recovered, len(bad)), *before.clauses]) + ".",
        step=series.steps[at],
        # One or two bad points between good ones are a skipped step, not the end of the run.
        strength=0.5 if recovered else 1.0,
        spans=_unique([*spans, *before.spans]),
        values=values | before.values,
    )


def _nonfinite_clause(series: Series, at: int, recovered: bool, count: int) -> str:
    what = called(series)
    who = "" if series.rank is None else f" on rank {series.rank}"
    becomes = number(series.values[at])
    if not at:
        text = f"{what}{who} is {becomes} from the first logged point ({place(series, at)})"
    else:
        last = f"last finite value {number(series.values[at - 1])} at {place(series, at - 1)}"
        text = f"{what}{who} becomes {becomes} at {place(series, at)}; {last}"
    return text + (f"; it is finite again later ({plural(count, 'such point')} in all)" if recovered else "")


def _recovers(series: Series, bad: list[int]) -> bool:
    """Whether the loss is finite at the end and at most a tenth of the points after the first bad one are bad."""
    after = len(series.values) - bad[0]
    return math.isfinite(series.values[-1]) and len(bad) <= max(1, after // 10)


def _unique(spans: list[Span]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys(spans))


def loss_hidden_nan(run: RunRecord) -> Signal | None:
    """A logged loss of exactly 0, or no loss at all, where the gradient norm is NaN.

    transformers replaces NaN losses before it averages them (TrainingArguments.logging_nan_inf_filter, on by default),
    and Megatron-LM leaves the field out (training.py prints a loss only when it is > 0).
    """
    gradients = chosen(run.named("grad_norm", "train"))
    losses = training_losses(run)
    if gradients is None or not losses:
        return None
    bad = {j for j, value in enumerate(gradients.values) if math.isnan(value)}
    for loss in losses:
        zeros = [(i, j) for i, j in pairs(loss, gradients) if j in bad and loss.values[i] == 0.0]
        if zeros:
            return _hidden_signal(run, loss, gradients, zeros)
    return _absent_signal(losses[0], gradients, sorted(bad))


def _hidden_signal(run: RunRecord, loss: Series, gradients: Series, zeros: list[tuple[int, int]]) -> Signal:
    first_zero, beside = zeros[0]
    start = _run_start(gradients, beside)
    matched = [i for i, j in pairs(loss, gradients) if j == start]
    before = (matched[0] if matched else first_zero) - 1
    values: dict[str, Scalar] = {
        "zero_points": len(zeros), "points": len(loss.values), "onset_step": gradients.steps[start],
        "step_kind": gradients.step_kind,
    }  # fmt: skip
    clauses = [
        f"Logged training loss is 0 with gradient norm NaN at {plural(len(zeros), 'point')}: the loss is NaN and the"
        f" logger"
        f" shows 0; gradient norm is NaN from {place(gradients, start)} on"
    ]
    spans = [loss.span(first_zero), gradients.span(start)]
    if before >= 0:
        lead = leading_to(run, loss, before)
        values |= lead.values | {"last_finite": loss.values[before], "last_finite_step": loss.steps[before]}
        clauses.append(f"last credible loss {number(loss.values[before])} at {place(loss, before)}")
        spans += [loss.span(before), *lead.spans]
    return Signal(
        name="loss_hidden_nan",
        text="; ".join(clauses) + ".",
        step=gradients.steps[start],
        spans=_unique(spans),
        values=values,
    )


def _run_start(gradients: Series, at: int) -> int:
    """The first of the unbroken run of NaN gradient norms that holds point `at`: the window in which it happened."""
    while at > 0 and math.isnan(gradients.values[at - 1]):
        at -= 1
    return at


def _absent_signal(loss: Series, gradients: Series, bad: list[int]) -> Signal | None:
    if not bad or loss.step_kind != gradients.step_kind or loss.file != gradients.file:
        return None
    logged = set(loss.steps)
    absent = [j for j in bad if gradients.steps[j] not in logged]
    # The loss must be logged beside the gradient norm elsewhere: else the two are simply logged at different steps.
    usual = sum(step in logged for step in gradients.steps)
    if len(absent) < 2 or usual < len(gradients.steps) - len(bad):
        return None
    first = absent[0]
    return Signal(
        name="loss_hidden_nan",
        text=f"{called(loss)} is missing and gradient norm NaN at {plural(len(absent), 'logged point')} from"
        f" {place(gradients, first)} on: the trainer prints no loss when it is NaN; last logged loss"
        f" {number(loss.values[-1])} at {place(loss, len(loss.values) - 1)}.",
        step=gradients.steps[first],
        spans=(gradients.span(first, absent[-1]), loss.span(-1)),
        values={"absent_points": len(absent), "onset_step": gradients.steps[first], "last_finite": loss.values[-1],
                "last_finite_step": loss.steps[-1], "step_kind": gradients.step_kind},
    )  # fmt: skip


def loss_zero(run: RunRecord, task: Task) -> Signal | None:
    """A loss of exactly 0 to the end although it had not come down to it, with gradient norm 0 or none logged."""
    series = next(iter(training_losses(run)), None)
    if series is None or not task.descending or series.values[-1] != 0.0:
        return None
    curve = Curve.of(series)
    nonzero = np.flatnonzero(curve.values != 0.0)
    first = int(nonzero[-1]) + 1 if len(nonzero) else 0
    if len(curve) - first < 2 or _came_down(curve, first):
        return None
    norms = _norms_beside(run, series, {int(i) for i in curve.index[first:]})
    return _zero_signal(curve, first, norms) if all(norm == 0.0 for norm in norms) else None


def _came_down(curve: Curve, first: int) -> bool:
    return first > 0 and abs(curve.values[first - 1]) <= CONVERGED * abs(curve.values[:first]).max()


def _norms_beside(run: RunRecord, series: Series, points: set[int]) -> list[float]:
    gradients = chosen(run.named("grad_norm", "train"))
    return [gradients.values[j] for i, j in pairs(series, gradients) if i in points] if gradients else []


def _zero_signal(curve: Curve, first: int, norms: list[float]) -> Signal:
    beside = "with gradient norm 0" if norms else "and no gradient norm is logged"
    before = f"; before it {number(float(curve.values[first - 1]))} at {curve.place(first - 1)}" if first else ""
    return Signal(
        name="loss_zero",
        text=f"{called(curve.series)} is exactly 0 from {curve.place(first)} to the end ({len(curve) - first} points)"
        f" {beside}{before}.",
        value=0.0,
        step=curve.step(first),
        # Without a gradient norm the zero may also hide a NaN.
        strength=1.0 if norms else 0.7,
        spans=(curve.span(max(first - 1, 0), -1),),
        values={"zero_points": len(curve) - first, "points": len(curve), "onset_step": curve.step(first),
                "grad_norm": 0.0 if norms else None, "step_kind": curve.series.step_kind},
    )  # fmt: skip
