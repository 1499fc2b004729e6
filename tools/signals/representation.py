"""The spread of learned representations: where it goes to 0, every input is given the same vector."""

import re

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import end_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, percent, times

# Spread over samples, averaged over dimensions: 1/sqrt(d) for vectors of length 1 that fill the sphere, 0 if collapsed
# (Chen & He 2021, "Exploring Simple Siamese Representation Learning", section 4.1, figure 2: arXiv:2011.10566). A tenth
# of the start is a loss of the directions, a fiftieth is none left.
COLLAPSED, GONE = 10.0, 50.0
# A standard deviation that large is no collapse of vectors of length 1 in any number of dimensions up to 100.
LARGE = 0.1
_OF_VECTORS = re.compile(r"emb|repr|feat|proj|hidden|token|z(?:[_/ .-]|\d|$)|latent")
_SPREAD = re.compile(r"(?:^|[_/ .-])(?:std|stddev|sd)(?:[_/ .-]mean)?$")


# One unit in twenty leaves a layer next to nothing to compute with; relu networks usually have a third to a half on.
ACTIVE = 0.05
_ACTIVE = re.compile(r"(?:^|[^a-z])(?:active|activated|alive|frac_active|active_units|live)(?:[^a-z]|$)")
_OFF = re.compile(r"(?:^|[^a-z])(?:dead|dying|zero_frac|frac_zero|zeros|sparsity|inactive)(?:[^a-z]|$)")
_NORM = re.compile(r"(?:^|[^a-z])(?:weights?|params?|parameters?|w|l1|l2)_?norm(?:[^a-z]|$)")


def measure(run: RunRecord) -> list[Signal]:
    series = chosen(s for s in run.series if _is_spread(run, s))
    curve = Curve.of(series) if series is not None else None
    found = [_collapse(curve) if curve is not None and len(curve) >= 4 else None, _units_off(run), _weights_gone(run)]
    return [signal for signal in found if signal]


def _units_off(run: RunRecord) -> Signal | None:
    """The share of units that are active at all, or the share of zeros, where it is logged."""
    for series in run.series:
        name, curve = series.raw_name.lower(), Curve.of(series)
        active, off = _ACTIVE.search(name), _OFF.search(name)
        if not (active or off) or len(curve) < 4 or float(curve.values.max()) > 100.0:
            continue
        scale = 100.0 if curve.values.max() > 1.0 else 1.0
        share = end_level(curve.values) / scale
        share = share if active else 1.0 - share
        if share <= ACTIVE:
            return Signal(
                name="units_off",
                text=f"{series.raw_name} is {number(float(curve.values[-1]))} at {curve.place(-1)}: {percent(share)} of"
                " the units are active.",
                value=share,
                step=curve.step(int((curve.values <= (curve.values[0] + curve.values[-1]) / 2).argmax())),
                strength=graded(ACTIVE / max(share, 1e-6), 1.0, 5.0),
                spans=(curve.span(0, -1),),
                values={"active": share, "series": series.raw_name, "step_kind": series.step_kind},
            )
    return None


def _weights_gone(run: RunRecord) -> Signal | None:
    """The norm of the weights falls to next to nothing."""
    series = chosen(s for s in run.series if _NORM.search(s.raw_name.lower()) and "grad" not in s.raw_name.lower())
    curve = Curve.of(series) if series is not None else None
    if curve is None or len(curve) < 4 or float(curve.values.min()) < 0.0:
        return None
    start, end = float(curve.values[:3].max()), end_level(curve.values)
    if start <= 0.0 or start < COLLAPSED * end:
        return None
    ratio = start / max(end, 1e-12)
    return Signal(
        name="weights_shrink",
        text=f"The norm of the weights {curve.series.raw_name} falls from {number(start)} to {number(end)} by"
        f" {curve.place(-1)}, {times(ratio)} smaller.",
        value=end,
        step=curve.step(0),
        strength=graded(ratio, COLLAPSED, GONE),
        spans=(curve.span(0), curve.span(-1)),
        values={"first": start, "last": end, "ratio": ratio, "step_kind": curve.series.step_kind},
    )


def _is_spread(run: RunRecord, series: Series) -> bool:
    """The latent code of a variational model has a standard deviation too, which falls as the code grows precise."""
    name = series.raw_name.lower()
    variational = any(s.name == "kl" or "kl" in s.name.split("_") for s in run.series)
    return _SPREAD.search(name) is not None and _OF_VECTORS.search(name) is not None and not variational


def _collapse(curve: Curve) -> Signal | None:
    start, end = float(curve.values[:3].max()), end_level(curve.values)
    if start <= 0.0 or end < 0.0 or end >= LARGE or start < COLLAPSED * end or trend(curve.values) > 0:
        return None
    ratio = start / max(end, 1e-12)
    onset = int((curve.values <= (start + end) / 2.0).argmax())
    return Signal(
        name="representation_std_collapse",
        text=f"Spread {curve.series.raw_name} falls from {number(start)} to {number(end)} by {curve.place(-1)},"
        f" {times(ratio)} smaller: the vectors of different inputs become one.",
        value=end,
        step=curve.step(onset),
        strength=graded(ratio, COLLAPSED, GONE),
        spans=(curve.span(0), curve.span(-1)),
        values={"first": start, "last": end, "ratio": ratio, "onset_step": curve.step(onset),
                "series": curve.series.raw_name, "step_kind": curve.series.step_kind},
    )  # fmt: skip
