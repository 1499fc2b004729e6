"""The baseline below which a method has learned nothing: always the most frequent mode of the training cases."""

from collections import Counter
from collections.abc import Sequence

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.method import Case, modes_by_category, told


class MostFrequent:
    """The most frequent category, and its most frequent mode."""

    name = "most_frequent"

    def __init__(self) -> None:
        self._share = 0.0
        self._modes: list[str] = []

    def fit(self, cases: Sequence[Case]) -> None:
        counts = Counter(case.category for case in cases)
        category = max(sorted(counts), key=lambda name: counts[name])
        self._share = counts[category] / len(cases)
        self._modes = modes_by_category(cases)[category]

    def predict(self, facts: Facts) -> Diagnosis:  # noqa: ARG002 - it looks at nothing, and that is the point
        ground = Ground(source="frequency", text=f"{self._share:.0%} of the known cases are of this kind", weight=0.1)
        return told(self._modes[0], self._share, [ground], [(mode, 0.0) for mode in self._modes[1:3]])
