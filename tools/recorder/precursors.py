"""What comes before a failure: the signs that make the recorder look at every step for a while."""

import math
from collections import deque
from statistics import median

# The thresholds of misrun.tools.signals.precursors and .excursions, so that what is recorded finely is what the
# investigation looks at: a history of 50 points, 10 of them before anything is judged, 4 sigma (3e-5 under a normal
# distribution) above its median.
HISTORY, LEAST, SIGMAS = 50, 10, 4.0
# And by how much of the median: gradient norms differ by tens of percent from step to step, losses by less.
NORM_RISE, LOSS_RISE = 1.0, 0.1
# MAD to standard deviation under a normal distribution.
MAD_TO_SIGMA = 1.4826
# The threshold is taken anew after so many values; sorting the history for each would cost more than the rest.
REFRESH = 10
# Steps that are watched closely after a sign; more than the 10 a rise is told from.
WATCH = 50
# Memory: as many rises in a row as a rise is told from, by a twentieth in all (misrun.tools.signals.memory).
MEMORY_RISES, MEMORY_GROWN = 10, 1.05


class Rise:
    """Tells when a value leaves the range of its own recent history upwards, or is not finite. Only the first of
    several such values in a row is told."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._history: deque[float] = deque(maxlen=HISTORY)
        self._seen = 0
        self._threshold = math.inf
        self._usual = math.nan
        self._is_above = False

    def onset(self, value: float) -> str | None:
        """The sign in words, or None."""
        was_above, self._is_above = self._is_above, not math.isfinite(value) or value > self._threshold
        if math.isfinite(value):
            self._history.append(value)
            self._seen += 1
            if self._seen >= LEAST and self._seen % REFRESH == 0:
                self._refresh()
        if was_above or not self._is_above:
            return None
        return f"above {self._threshold:.6g} (usually {self._usual:.6g})" if math.isfinite(value) else "not finite"

    def _refresh(self) -> None:
        self._usual = median(self._history)
        sigma = MAD_TO_SIGMA * median(abs(value - self._usual) for value in self._history)
        self._threshold = self._usual + max(SIGMAS * sigma, self._share * abs(self._usual))


class Growth:
    """Tells when memory has risen at every one of the last measurements."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=MEMORY_RISES + 1)

    def onset(self, mib: float) -> str | None:
        if self._last and not mib > self._last[-1]:  # NaN, where memory cannot be read, never rises
            self._last.clear()
        self._last.append(mib)
        if len(self._last) <= MEMORY_RISES or mib < MEMORY_GROWN * self._last[0]:
            return None
        first = self._last[0]
        self._last.clear()  # the next sign needs as many rises again
        return f"rose {MEMORY_RISES} times in a row from {first:.1f} MiB"


class Precursors:
    """Watches losses, gradient norms and memory; `watching` says whether a step is to be looked at closely."""

    def __init__(self) -> None:
        self._rises = {"loss": Rise(LOSS_RISE), "grad_norm": Rise(NORM_RISE)}
        self._growth = Growth()
        self._until = -1

    def see(self, quantity: str, value: float, step: int) -> dict[str, object] | None:
        """The line for the record when `value` is the onset of a sign, of "loss", "grad_norm" or "memory" (MiB)."""
        sign = self._growth.onset(value) if quantity == "memory" else self._rises[quantity].onset(value)
        if sign is None:
            return None
        self._until = step + WATCH
        return {"event": "precursor", "step": step, "quantity": quantity, "value": value, "sign": sign}

    def watching(self, step: int) -> bool:
        return step <= self._until
