"""Gradient norms of the parts of a model: one that gets no gradient, one whose gradient vanishes on the way to it."""

import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Scalar, Series
from misrun.tools.signals.curve import Curve, training_loss
from misrun.tools.signals.loss import falls
from misrun.tools.signals.robust import end_level, start_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, plural

# "grad_norm_encoder", "grad/layer00", "gradients/head_norm", "gnorm_decoder".
_GRADIENT = re.compile(r"(?:^|[/_. -])(?:grads?|gradients?|gnorm|gradnorm)(?:[/_. -]|$)")
# What else is logged under such names: terms of the loss, counters, statistics over all parameters; and biases, whose
# gradient is 0 by arithmetic before a normalisation (the mean takes it away) and in the keys of attention.
_OTHER = re.compile(
    r"penalty|scale|accum|clip|cos|ratio|noise|snr|sim|var\b|std\b|mean\b|max\b|min\b|time|overflow|skip|nan|inf\b"
    r"|count|checkpoint|bias|total|global"
)
# Three points in a row are no first step of a zero-initialised branch (LoRA's B, a residual scale of 0).
LEAST = 3
# In float32 an update below 2^-24 = 6e-8 of a weight is rounded away; a ten-thousandth of the largest gradient is
# below what one learning rate can serve both with (layers of models that train lie within two or three powers of ten).
VANISHING, VANISHED = 1e-4, 1e-8
# Logs in fixed decimals print what is small as 0; a value with more than this many decimals was written in full.
PRINTED = 5


def measure(run: RunRecord, task: Task) -> list[Signal]:
    parts = _parts(run)
    largest = max(parts, key=_level, default=None)
    if largest is None or len(parts) < 2 or _level(largest) <= 0.0:
        return []
    found = [_zero(parts, largest), _vanishing(parts, largest, _learned(run, task))]
    return [signal for signal in found if signal]


def _parts(run: RunRecord) -> list[Curve]:
    """One curve for each part, in the order of the log."""
    longest: dict[str, Series] = {}
    for series in run.series:
        if _is_part(series) and len(series.values) > len(longest[series.raw_name].values if series.raw_name in longest
                                                         else ()):  # fmt: skip
            longest[series.raw_name] = series
    curves = (Curve.of(series) for series in longest.values())
    return [curve for curve in curves if len(curve) >= LEAST and float(curve.values.min()) >= 0.0]


def _is_part(series: Series) -> bool:
    raw = series.raw_name.lower()
    return series.name != "grad_norm" and _GRADIENT.search(raw) is not None and _OTHER.search(raw) is None


def _level(part: Curve) -> float:
    return float(np.median(part.values))


def _learned(run: RunRecord, task: Task) -> bool:
    loss = training_loss(run) if task.descending else None
    return loss is not None and falls(loss) and end_level(loss.values) < 0.5 * start_level(loss.values)


def _zero(parts: list[Curve], largest: Curve) -> Signal | None:
    """Exactly 0 at every logged point, while another part of the same model has a gradient."""
    still = [part for part in parts if not part.values.any()]
    if not still:
        return None
    first, printed = still[0], _is_rounded(parts)
    others = f" (so {'is' if len(still) == 2 else 'are'} {_listed(still[1:])})" if len(still) > 1 else ""
    return Signal(
        name="gradient_part_zero",
        text=f"Gradient norm {first.series.raw_name} is {'0 as printed' if printed else 'exactly 0'} at all"
        f" {plural(len(first), 'logged point')}{others} while {largest.series.raw_name} has a level of"
        f" {number(_level(largest))}: no gradient reaches that part.",
        value=0.0,
        step=first.step(0),
        # A log of few decimals shows 0 for what only vanished.
        strength=0.7 if printed else 1.0,
        spans=(first.span(0, -1), largest.span(0)),
        values={**_values(first, largest), "zero_parts": len(still), "parts": len(parts), "printed": printed,
                "all_zero_parts": _listed(still)},
    )  # fmt: skip


def _is_rounded(parts: list[Curve]) -> bool:
    """Whether every value of every part has at most `PRINTED` decimals."""
    values = np.concatenate([part.values for part in parts])
    return bool((np.abs(values - np.round(values, PRINTED)) <= 1e-12 * np.maximum(1.0, values)).all())


def _vanishing(parts: list[Curve], largest: Curve, learned: bool) -> Signal | None:
    """Not 0, and below a ten-thousandth of the largest part's at the middle of its points."""
    moving = [part for part in parts if _level(part) > 0.0]
    smallest = min(moving, key=_level)
    ratio = _level(smallest) / _level(largest)
    if ratio >= VANISHING:
        return None
    small = [part for part in moving if _level(part) < VANISHING * _level(largest)]
    return Signal(
        name="gradient_part_vanishing",
        text=f"Gradient norm {smallest.series.raw_name} has a level of {number(_level(smallest))},"
        f" {number(ratio)} times that of {largest.series.raw_name} ({number(_level(largest))});"
        f" {len(small)} of {plural(len(parts), 'part')} lie below a ten-thousandth of it.",
        value=ratio,
        step=smallest.step(0),
        # A model that learned all the same did without that part.
        strength=0.4 if learned else graded(VANISHING / ratio, 1.0, VANISHING / VANISHED),
        spans=(smallest.span(0, -1), largest.span(0)),
        values={**_values(smallest, largest), "ratio": ratio, "small_parts": len(small), "parts": len(parts)},
    )


def _values(part: Curve, largest: Curve) -> dict[str, Scalar]:
    return {"part": part.series.raw_name, "level": _level(part), "largest_part": largest.series.raw_name,
            "largest_level": _level(largest), "points": len(part), "step_kind": part.series.step_kind}  # fmt: skip


def _listed(parts: list[Curve]) -> str:
    """Up to four names."""
    more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
    return ", ".join(part.series.raw_name for part in parts[:4]) + more
