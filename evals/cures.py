"""Whether misrun's steps cure: the first three for every failing scenario, carried out and run.

`python -m misrun.evals.cures --out FILE [--jobs N] [ID ...]` writes one row per scenario and step (JSON lines) and goes
on where it stopped. A step cures when the scenario's own hidden check passes after it (scenarios/README.md).
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Literal

from misrun.agents.investigation import investigate, new_request
from misrun.agents.step import NextStep
from misrun.evals.statistics import share
from misrun.scenarios.execution import NotRunnable, arguments, copy_of, run_project, shortfalls
from misrun.scenarios.library import load_all, load_answer
from misrun.scenarios.recording import lay_out
from misrun.scenarios.schema import Scenario
from misrun.tools.code.apply_patch import DoesNotApply, apply_patch
from misrun.tools.record import Record

# Three are read; a fourth is for those who have tried three.
RANKS = 3

Outcome = Literal["cured", "not cured", "crashed", "does not apply", "not executable", "not run"]


class CureRow(Record):
    """One step of one scenario: what it was, and what came of it. `missed`: what kept the check from passing."""

    scenario: str
    mode: str
    said: str
    rank: int
    action: str
    what: str
    outcome: Outcome
    missed: tuple[str, ...] = ()
    patch: str | None = None
    arguments: tuple[str, ...] = ()


def rows_of(scenario: Scenario) -> list[CureRow]:
    """The first steps of misrun for this scenario's run, each carried out on a copy of its project."""
    answer = load_answer(scenario)
    with tempfile.TemporaryDirectory() as temporary:
        report = investigate(new_request(lay_out(scenario, Path(temporary))))
    steps = [step for step in report.steps if step.kind != "watch"][:RANKS]
    rows = []
    for rank, step in enumerate(steps, 1):
        outcome, missed = _carry_out(scenario, step)
        rows.append(
            CureRow(scenario=scenario.id, mode=answer.mode, said=report.verdict.mode, rank=rank, action=step.action,
                    what=step.what, outcome=outcome, missed=missed, patch=step.patch, arguments=step.arguments)
        )  # fmt: skip
    return rows


def _carry_out(scenario: Scenario, step: NextStep) -> tuple[Outcome, tuple[str, ...]]:
    if not step.patch and not step.arguments:
        return "not executable", ()
    seed = scenario.seed.filled(scenario.seed.value)
    try:
        with copy_of(scenario, (seed,)) as project:
            if step.patch:
                apply_patch(step.patch, project)
            outcome = run_project(scenario, project, (*arguments(seed), *step.arguments))
    except DoesNotApply as error:
        return "does not apply", (str(error),)
    except NotRunnable as error:
        return "not run", (str(error),)
    missed = shortfalls(load_answer(scenario).success, outcome)
    if not missed:
        return "cured", ()
    return ("crashed" if outcome.exit_code else "not cured"), missed


def measure(scenarios: Sequence[Scenario], out: Path, jobs: int) -> Iterator[CureRow]:
    """Rows of the scenarios that `out` lacks, written as they come; then those that it had."""
    known = [CureRow.model_validate(json.loads(line)) for line in out.read_text().splitlines()] if out.is_file() else []
    left = [s for s in scenarios if s.id not in {row.scenario for row in known}]
    yield from known
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(rows_of, scenario) for scenario in left]):
            with out.open("a") as stream:
                stream.writelines(f"{row.model_dump_json()}\n" for row in done.result())
            yield from done.result()


def summary(rows: Iterable[CureRow], scenarios: int) -> str:
    """How many scenarios the first step cures, and any of the first three; and how many steps could be carried out."""
    found = list(rows)
    by_scenario = {name: [r for r in found if r.scenario == name] for name in {r.scenario for r in found}}
    first = sum(any(r.rank == 1 and r.outcome == "cured" for r in own) for own in by_scenario.values())
    any_of = sum(any(r.outcome == "cured" for r in own) for own in by_scenario.values())
    executable = [r for r in found if r.outcome not in ("not executable", "not run")]
    return (
        f"top step cures: {share([True] * first + [False] * (scenarios - first))}\n"
        f"one of the top three: {share([True] * any_of + [False] * (scenarios - any_of))}\n"
        f"steps that could be carried out: {len(executable)}/{len(found)}\n"
        f"of these crashed: {sum(r.outcome == 'crashed' for r in executable)}, "
        f"did not apply: {sum(r.outcome == 'does not apply' for r in executable)}\n"
    )


def main() -> None:
    """Carry out and print; progress on standard error."""
    parser = argparse.ArgumentParser(prog="python -m misrun.evals.cures", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments_ = parser.parse_args()
    curable = [s for s in load_all()[0] if load_answer(s).cures and (not arguments_.ids or s.id in arguments_.ids)]
    rows = []
    for row in measure(curable, arguments_.out, arguments_.jobs):
        rows.append(row)
        sys.stderr.write(f"{row.scenario} {row.rank} {row.outcome}: {row.action}\n")
    sys.stdout.write(summary(rows, len(curable)))


if __name__ == "__main__":
    main()
