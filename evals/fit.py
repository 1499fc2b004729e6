"""Fits the weights that come with misrun on the benchmark: `python -m misrun.evals.fit` writes fusion.json anew."""

import json
import os
import sys

from misrun.evals.cases import EvalCase, fingerprint, load_cases
from misrun.evals.views import everything
from misrun.scenarios.library import load_all
from misrun.tools.diagnosis.fusion import SHIPPED
from misrun.tools.diagnosis.methods.fusion import fit_fusion
from misrun.tools.diagnosis.methods.method import Case


def fitted(cases: list[EvalCase]) -> dict[str, object]:
    """What fusion.json holds: the weights, and what they were fitted on."""
    fusion = fit_fusion([Case(everything(case), case.mode) for case in cases])
    return {"fusion": fusion.model_dump(), "cases": len(cases), "fitted_on": fingerprint(cases)}


def main() -> None:
    """Read every scenario, fit, write; a scenario that cannot be read is named and left out."""
    scenarios, _ = load_all()
    loaded = list(load_cases(scenarios, os.cpu_count() or 1))
    for name, reason in (case for case in loaded if isinstance(case, tuple)):
        sys.stderr.write(f"{name} left out: {reason}\n")
    content = fitted([case for case in loaded if isinstance(case, EvalCase)])
    SHIPPED.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    sys.stdout.write(f"{SHIPPED.name}: fitted on {content['cases']} cases\n")


if __name__ == "__main__":
    main()
