"""The spread of learned representations: where it goes to 0, every input is given the same vector."""

import re

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import end_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, times

# Spread over samples, averaged over dimensions: 1/sqrt(d) for vectors of length 1 that fill the sphere, 0 if collapsed
# (Chen & He 2021, "Exploring Simple Siamese Representation Learning", section 4.1, figure 2: arXiv:2011.10566). A tenth
# of the start is a loss of the directions, a fiftieth is none left.
COLLAPSED, GONE = 10.0, 50.0
# A standard deviation that large is no collapse of vectors of length 1 in any number of dimensions up to 100.
LARGE = 0.1
_OF_VECTORS = re.compile(r"emb|repr|feat|proj|hidden|token|z(?:[_/ .-]|\d|$)|latent")
_SPREAD = re.compile(r"(?:^|[_/ .-])(?:std|stddev|sd)(?:[_/ .-]mean)?$")


def measure(run: RunRecord) -> list[Signal]:
    series = chosen(s for s in run.series if _is_spread(run, s))
    curve = Curve.of(series) if series is not None else None
    signal = _collapse(curve) if curve is not None and len(curve) >= 4 else None
    return [signal] if signal else []


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
