"""The paper's simulated human (section 4.5): 30 % novices right in 50 % of cases, 50 % in 75 %, 20 % experts in 90 %.

It must know the answer to be right by chance, so it is a yardstick and no method: `predict` is told the label. Its
expected accuracy is 0.3 * 0.5 + 0.5 * 0.75 + 0.2 * 0.9 = 0.705 (the paper says 72 %).
"""

from collections.abc import Sequence

import numpy as np

from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.method import Case, modes_by_category, told

SKILLS = ((0.3, 0.50), (0.5, 0.75), (0.2, 0.90))
EXPECTED = sum(share * accuracy for share, accuracy in SKILLS)


class SimulatedHuman:
    """Draws a person for every case, and a wrong category at random where that person errs."""

    name = "simulated_human"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._modes: dict[str, list[str]] = {}

    def fit(self, cases: Sequence[Case]) -> None:
        self._modes = modes_by_category(cases)

    def predict_labelled(self, case: Case, number: int) -> Diagnosis:
        """The diagnosis that a person drawn for case `number` gives of it."""
        rng = np.random.default_rng((self._seed, number))
        accuracy = rng.choice([accuracy for _, accuracy in SKILLS], p=[share for share, _ in SKILLS])
        if rng.random() < accuracy:
            return told(case.mode, float(accuracy), [_ground(accuracy)])
        others = sorted(set(self._modes) - {case.category})
        return told(self._modes[str(rng.choice(others))][0], float(accuracy), [_ground(accuracy)])


def _ground(accuracy: float) -> Ground:
    return Ground(source="person", text=f"a person who is right in {accuracy:.0%} of the cases", weight=0.1)
