"""Fits what is fitted of misrun's diagnosis: `python -m misrun.evals.fit` writes fusion.json anew.

From the scenarios and from the development runs, either set counting as much as the other: the scenarios were held back
from those who wrote the checks, but are few.
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from misrun.evals.cases import EvalCase, fingerprint, load_cases
from misrun.evals.development_runs import labelled, unpacked
from misrun.evals.held_out import Labelled, held_out
from misrun.evals.views import everything
from misrun.scenarios.library import load_all
from misrun.tools.diagnosis.fusion import SHIPPED
from misrun.tools.diagnosis.methods.fusion import answers_of, calibrated_on
from misrun.tools.diagnosis.methods.method import Case

SCENARIOS, DEVELOPMENT = "scenarios", "development runs"


def fitted(cases: Sequence[EvalCase], development: Sequence[Case]) -> dict[str, object]:
    """What fusion.json holds: the calibration, what it was fitted on, and how it does on what it was not fitted on."""
    weight = len(cases) / len(development) if development else 1.0
    labelled_cases = [
        *(_labelled(SCENARIOS, Case(everything(case), case.mode, case.answer.accepted)) for case in cases),
        *(_labelled(DEVELOPMENT, replace(case, weight=weight)) for case in development),
    ]
    fusion = calibrated_on([answer for one in labelled_cases for answer in one.answers])
    return {
        "fusion": fusion.model_dump(),
        "scenarios": len(cases),
        "development_runs": len(development),
        "fitted_on": fingerprint(cases),
        "held_out": [row.model_dump() for row in held_out(labelled_cases)],
    }


def _labelled(source: str, case: Case) -> Labelled:
    return Labelled(source, case.mode, tuple(answers_of(case)))


def content(jobs: int) -> dict[str, object]:
    """fusion.json from what is here; a scenario that cannot be read is named on standard error and left out."""
    loaded = list(load_cases(load_all()[0], jobs))
    for name, reason in (case for case in loaded if isinstance(case, tuple)):
        sys.stderr.write(f"{name} left out: {reason}\n")
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor(jobs) as pool:
        development = list(pool.map(labelled, unpacked(Path(temporary))))
    return fitted([case for case in loaded if isinstance(case, EvalCase)], development)


def main() -> None:
    """Read, fit, write."""
    found = content(os.cpu_count() or 1)
    SHIPPED.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    sys.stdout.write(f"{SHIPPED.name}: fitted on {found['scenarios']} scenarios and {found['development_runs']} runs\n")


if __name__ == "__main__":
    main()
