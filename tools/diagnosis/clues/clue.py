"""What each signal says about each failure mode, as weights of evidence in log-odds.

A weight of 1 multiplies the odds of the mode by e; 5 is a wording that means this mode and nothing else; negative
weights speak against. They are judgements from the definitions of the signals and the literature named beside the
modes in the knowledge corpus, not fitted: the numbers say only how specific a signal is for a mode.
  5.0  names the mode          4.0  nearly always this mode       3.0  usually this mode
  2.0  often this mode         1.0  compatible, weakly specific   0.5  a hint
"""

from collections.abc import Callable
from typing import NamedTuple

from misrun.tools.diagnosis.facts import Facts


class Clue(NamedTuple):
    """`signal` speaks for (weight > 0) or against `mode`. `group` joins clues that measure the same thing: only the
    strongest of a group counts. `when` restricts the clue to runs where it means this."""

    mode: str
    signal: str
    weight: float
    group: str
    when: Callable[[Facts], bool] | None = None
