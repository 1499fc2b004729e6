"""How often the recorder measures: as often as its share of the run's time allows, more when something is coming."""

import time

# The promise is 2 % of the run's time. What the recorder cannot see of its own cost (calling the hooks, caches it
# displaces) was between a tenth and a half of what it sees (benchmarks/recorder_overhead.py), so it spends 1.3 % at
# most, and less than half of that while nothing happens: the rest is kept for precursors.
COARSE_SHARE, FINE_SHARE = 0.005, 0.013
# Seconds that it may spend before the run has any time to take a share of: most failures show within the first steps.
COARSE_GRANT, FINE_GRANT = 0.05, 0.2


class Budget:
    """An account in seconds: the run earns a share of its time, measuring spends it.

    Each measurement is allowed when the account covers what the dearest of the last ones cost, so the interval between
    measurements follows the model's size and the machine without being set anywhere.
    """

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._expected = 0.0
        self.spent = 0.0

    def allows(self, *, fine: bool) -> bool:
        share, grant = (FINE_SHARE, COARSE_GRANT + FINE_GRANT) if fine else (COARSE_SHARE, COARSE_GRANT)
        return self.spent + self._expected <= share * self.elapsed + grant

    def measured(self, seconds: float) -> None:
        """What one measurement cost. A single slow one (a page fault, another process) is forgotten by and by."""
        self._expected = max(seconds, 0.9 * self._expected)

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._started
