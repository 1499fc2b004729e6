"""Writes tools/signals/precursor_outcomes.json: which signals, seen while a run is still going, come before failures.

`python -m misrun.evals.precursors [--out FILE]` looks at every recorded run at twenty places between its start and its
onset (failing runs) or its end (healthy ones), as it stood there, and counts for each signal the runs that showed it.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from misrun.evals.cases import EvalCase, load_cases
from misrun.evals.views import until
from misrun.scenarios.library import load_all
from misrun.tools.signals.measure import COUNTS, measure
from misrun.tools.signals.precursor_outcomes import PrecursorOutcome

_PLACES = 20


def first_shown(case: EvalCase) -> dict[str, int]:
    """Signal -> how many steps before the onset (or the end) it first showed, at the grain of the places looked at."""
    last = max((s.steps[-1] for s in case.run.series if s.step_kind == "step" and s.steps), default=0.0)
    failing = case.category != "healthy"
    end = float(case.onset) if failing and case.onset else 0.0 if failing else last
    shown: dict[str, int] = {}
    for place in range(1, _PLACES):
        step = end * place / _PLACES
        if step < 1:
            continue
        for signal in measure(until(case.run, step)):
            if signal.strength >= COUNTS and not signal.name.startswith("error."):
                shown.setdefault(signal.name, round(end - step))
    return shown


def outcomes(cases: Iterable[EvalCase]) -> dict[str, PrecursorOutcome]:
    """Over runs that say when they failed, and healthy ones."""
    failed: dict[str, list[int]] = defaultdict(list)
    runs: dict[str, int] = defaultdict(int)
    for case in cases:
        for name, steps in first_shown(case).items():
            runs[name] += 1
            if case.category != "healthy":
                failed[name].append(steps)
    return {
        name: PrecursorOutcome(runs=count, failed=len(failed[name]), steps=tuple(sorted(failed[name])))
        for name, count in sorted(runs.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path(str(files("misrun.tools.signals"))) / "precursor_outcomes.json"
    )
    out = parser.parse_args().out
    cases = [case for case in load_cases(load_all()[0], os.cpu_count() or 1) if isinstance(case, EvalCase)]
    rows = {name: row.model_dump() for name, row in outcomes(cases).items()}
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} signals of {len(cases)} runs written to {out}")  # noqa: T201 - a command's own output


if __name__ == "__main__":
    main()
