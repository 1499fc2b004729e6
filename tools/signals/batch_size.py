"""The size of the batches, where it is logged: one at the end that is far larger than all before."""

import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number, times

# What loops print of a batch's extent; whole words of a name such as "max_seq_len" or "tokens/batch".
_SIZES = re.compile(
    r"(?:^|[\W_])(?:len|length|lengths|seq_?len|seqlen|tokens|n_?tokens|ntok|frames|nodes|edges|points|atoms|boxes|pixels"
    r"|words|samples_in_batch|width|height|numel|padded)(?:$|[\W_])",
    re.I,
)
_RATES = re.compile(
    r"/s|per_?sec|sec|speed|total|seen|cumulative|epoch|lr|loss|drop|mean|avg|generated|completion", re.I
)
# Twice the largest batch seen and three times the usual one: memory of a network grows at least linearly with it. A
# judgement.
LARGER, USUAL = 2.0, 3.0
_FEWEST = 8
# The failing batch is printed last; one more line may follow it.
_LAST = 2


def measure(run: RunRecord) -> list[Signal]:
    if run.ending.status not in {"crashed", "killed"}:
        return []
    sizes = [s for s in run.series if len(s.values) >= _FEWEST and _is_size(s)]
    found = (_outsized(series) for series in sizes)
    return [signal for signal in found if signal][:1]


def _is_size(series: Series) -> bool:
    name = series.raw_name
    return _SIZES.search(name) is not None and _RATES.search(name) is None


def _outsized(series: Series) -> Signal | None:
    values = np.asarray(series.values)
    at = len(values) - _LAST + int(np.argmax(values[-_LAST:]))
    before = values[:at]
    usual, largest, last = float(np.median(before)), float(before.max()), float(values[at])
    if usual <= 0 or last < USUAL * usual or last < LARGER * largest:
        return None
    return Signal(
        name="batch_outsized",
        text=f"The last batch has {series.raw_name} {number(last)}, {times(last / usual)} the usual {number(usual)} and"
        f" more than any before ({number(largest)}).",
        value=last / usual,
        step=float(series.steps[at]),
        strength=graded(last / usual, USUAL, 2 * USUAL),
        spans=(series.span(at),),
        values={"last": last, "usual": usual, "largest_before": largest, "onset_step": float(series.steps[at]),
                "step_kind": series.step_kind},
    )  # fmt: skip
