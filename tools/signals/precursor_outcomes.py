"""What became of benchmark runs that showed a signal while they were still going: how many failed, and how soon.

The table is `precursor_outcomes.json`, written by `python -m misrun.evals.precursors` from the recorded runs.
"""

import json
from functools import cache
from importlib.resources import files
from statistics import median

from misrun.tools.record import Record


class PrecursorOutcome(Record):
    """Of `runs` that showed a signal before anything had failed, `failed` failed later, `steps` optimizer steps after
    it showed (one number a failed run, ascending)."""

    runs: int
    failed: int
    steps: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """ "In the benchmark, 7 of 9 runs that showed this failed, half of them within 40 steps." """
        told = f"In the benchmark, {self.failed} of {self.runs} runs that showed this failed later"
        return f"{told}, half of them within {median(self.steps):.0f} steps." if self.failed > 1 else f"{told}."


@cache
def precursor_outcomes() -> dict[str, PrecursorOutcome]:
    """Signal -> what became of the runs that showed it."""
    text = files("misrun.tools.signals").joinpath("precursor_outcomes.json").read_text(encoding="utf-8")
    return {name: PrecursorOutcome.model_validate(row) for name, row in json.loads(text).items()}
