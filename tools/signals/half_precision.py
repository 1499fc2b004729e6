"""Training in fp16, and whether its largest number explains what went wrong."""

import math
import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, called, chosen, training_losses
from misrun.tools.signals.nonfinite import failed_loss
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, percent

# The largest finite fp16 number, (2 - 2**-10) * 2**15 (IEEE 754-2008, binary16).
LARGEST = 65_504.0
# A loss that usually lies within a factor of 8 of it overflows by a swing of mini-batches alone.
NEAR = LARGEST / 8.0
# Dynamic scaling skips one step in two thousand; one in ten in the second half of a run is no search for a scale.
OFTEN = 0.1
_SKIPPED = re.compile(r"(?:^|[^a-z])(?:skip(?:ped)?|overflows?|num_overflows?)(?:[^a-z]|$)")
# As the programs say it; "bfloat16" is another format, and "fp16=False" a setting that is off.
_SAID = re.compile(
    r"\b(?:torch\.float16|float16|fp16|half[- ]precision|HalfTensor|dtype Half)\b(?!\s*[=:]\s*(?:false|no|off|0))", re.I
)


def measure(run: RunRecord, task: Task) -> list[Signal]:
    told = _from_settings(task) or _from_scaler(run) or _from_messages(run)
    found = [_told_signal(run, *told) if told else _by_range(run), _skipped(run)]
    return [signal for signal in found if signal]


def _skipped(run: RunRecord) -> Signal | None:
    """A counter of skipped steps that goes on counting: the optimizer hardly ever steps."""
    series = chosen(s for s in run.series if _SKIPPED.search(s.raw_name.lower()) and s.step_kind == "step")
    curve = Curve.of(series) if series is not None else None
    if curve is None or len(curve) < 4:
        return None
    half = len(curve) // 2
    steps = float(curve.steps[-1] - curve.steps[half])
    share = float(curve.values[-1] - curve.values[half]) / steps if steps > 0 else 0.0
    if not OFTEN <= share <= 1.05:  # a counter per device, or of something else, runs faster
        return None
    return Signal(
        name="steps_skipped",
        text=f"{curve.series.raw_name} goes from {number(float(curve.values[half]))} to"
        f" {number(float(curve.values[-1]))} between {curve.place(half)} and {curve.place(-1)}: {percent(share)} of the"
        " optimizer's steps are left out.",
        value=share,
        step=curve.step(0),
        strength=1.0 if share >= 0.5 else 0.7,
        spans=(curve.span(0, -1),),
        values={"share": share, "skipped": float(curve.values[-1]), "step_kind": curve.series.step_kind},
    )


def _from_settings(task: Task) -> tuple[str, Span] | None:
    setting = task.fp16_setting
    return (f"{setting.name} = {setting.value}", setting.span) if setting else None


def _from_scaler(run: RunRecord) -> tuple[str, Span] | None:
    """Only fp16 needs its loss scaled."""
    scale = chosen(run.named("loss_scale"))
    return (f"a loss scale of {number(scale.values[0])} is logged", scale.span(0)) if scale else None


def _from_messages(run: RunRecord) -> tuple[str, Span] | None:
    said = next(((found[0], event.span) for event in run.events if (found := _SAID.search(event.message))), None)
    return (f'the log says "{said[0]}"', said[1]) if said else None


def _largest(run: RunRecord) -> float | None:
    """The largest finite training loss."""
    finite = [abs(v) for series in training_losses(run)[:1] for v in series.values if math.isfinite(v)]
    return max(finite, default=None)


def _told_signal(run: RunRecord, origin: str, span: Span) -> Signal:
    failed, before = failed_loss(run), _before(run)
    share = f"; the last finite loss before the failure is {percent(before[0] / LARGEST)} of it" if before else ""
    return Signal(
        name="half_precision",
        text=f"Training is in fp16 ({origin}), whose largest number is {number(LARGEST)}{share}.",
        value=LARGEST,
        # By itself it is how many healthy runs train.
        strength=1.0 if failed is not None else 0.7 if _norm_failed(run) else 0.3,
        spans=(span, before[1]) if before else (span,),
        values=_values(run, "told", before),
    )


def _values(run: RunRecord, origin: str, before: tuple[float, Span] | None) -> dict[str, Scalar]:
    return {"origin": origin, "limit": LARGEST, "last_finite": before[0] if before else None,
            "share_of_limit": before[0] / LARGEST if before else None, "largest_finite": _largest(run)}  # fmt: skip


def _before(run: RunRecord) -> tuple[float, Span] | None:
    """The last finite value of the loss before it failed."""
    series = failed_loss(run)
    at = series.first_nonfinite if series is not None else None
    return (series.values[at - 1], series.span(at - 1)) if series is not None and at else None


def _norm_failed(run: RunRecord) -> bool:
    norm = chosen(run.named("grad_norm", "train"))
    return norm is not None and not math.isfinite(norm.values[-1])


def _by_range(run: RunRecord) -> Signal | None:
    """Nothing says fp16, but the loss becomes infinite (not NaN) from values near 65,504 and no finite one is larger.

    In float32 a loss would have to pass 65,504 on its way to 3.4e38.
    """
    series, before, largest = failed_loss(run), _before(run), _largest(run)
    at = series.first_nonfinite if series is not None else None
    if series is None or before is None or at is None or not math.isinf(series.values[at]):
        return None
    usual = float(np.median(np.abs(Curve.of(series).values)))
    if largest is None or not NEAR <= largest <= LARGEST or before[0] < NEAR:
        return None
    return Signal(
        name="half_precision",
        text=f"{called(series)} goes from {number(before[0])} straight to {number(series.values[at])} and its largest"
        f" finite value is {number(largest)}, below the {number(LARGEST)} that fp16 can hold: the numbers look like"
        " fp16.",
        value=largest,
        step=series.steps[at],
        # A loss that lives up there overflows at its next swing; one on its way up may be diverging in float32.
        strength=0.8 if usual >= NEAR else 0.4,
        spans=(series.span(at - 1, at),),
        values=_values(run, "range", before) | {"step_kind": series.step_kind, "onset_step": series.steps[at]},
    )
