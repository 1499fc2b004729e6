"""The stored table of cures: `python -m misrun.evals.cure_table ROWS ...` makes it from what evals.cures measured.

One line per scenario, with what came of each kind of step, the features of its run, and the digests by which a run is
never supported by itself.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from misrun.agents import cures
from misrun.agents.cures.outcomes import Case, code_digest, features_of, run_digest
from misrun.evals.cures import CureRow, is_curable, read_rows
from misrun.scenarios.library import load_all, load_answer
from misrun.scenarios.recording import lay_out
from misrun.scenarios.schema import Scenario
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.registry import read_run
from misrun.tools.signals.measure import measure

TABLE = Path(cures.__file__).parent / "outcomes.jsonl"


def case_of(scenario: Scenario, rows: Iterable[CureRow]) -> Case:
    """The scenario's line. A step was carried out where its run could be started; it worked where the check passed."""
    outcomes: dict[str, Literal["worked", "failed"]] = {}
    for row in rows:
        if row.scenario == scenario.id and row.outcome in ("cured", "not cured", "crashed", "harmful"):
            outcomes[row.action] = "worked" if row.outcome == "cured" else "failed"
    with tempfile.TemporaryDirectory() as temporary:
        run = read_run(lay_out(scenario, Path(temporary)))
        facts = Facts(run, measure(run))
        return Case(
            id=scenario.id,
            mode=load_answer(scenario).mode,
            digest=run_digest(run),
            code=code_digest(run),
            features=features_of(facts),
            outcomes=dict(sorted(outcomes.items())),
        )


def table(scenarios: Sequence[Scenario], rows: Sequence[CureRow]) -> str:
    """All lines; scenarios on which nothing could be carried out are in it too, as neighbours that say nothing."""
    return "".join(f"{case_of(scenario, rows).model_dump_json()}\n" for scenario in scenarios)


def main() -> None:
    """Write the table that ships."""
    parser = argparse.ArgumentParser(prog="python -m misrun.evals.cure_table", description=__doc__)
    parser.add_argument("rows", nargs="+", type=Path, help="files of evals.cures; a later one overrules an earlier one")
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    scenarios = [scenario for scenario in load_all()[0] if is_curable(scenario)]
    rows = [row for path in options.rows for row in read_rows(path)]
    options.out.write_text(table(scenarios, rows), "utf-8")
    sys.stdout.write(f"{options.out.name}: {len(scenarios)} scenarios\n")


if __name__ == "__main__":
    main()
