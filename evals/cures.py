"""Whether misrun's steps cure: the first three for every failing scenario, carried out and run.

`python -m misrun.evals.cures --out FILE [--reuse FILE] [--jobs N] [ID ...]` writes one row per scenario and step (JSON
lines) and goes on where it stopped; what `--reuse` holds for the same patch and arguments is not run again. A step
cures when the scenario's own hidden check passes after it (scenarios/README.md); it harms when the run is worse off
with it than unchanged: it crashes where it did not, or a number of the check is farther from its bound. Benchmark
support is taken from all other scenarios, never from the one that is judged.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cached_property
from pathlib import Path
from typing import Literal

from misrun.agents.investigation import investigate, new_request
from misrun.agents.step import NextStep
from misrun.evals.statistics import share
from misrun.scenarios.execution import NotRunnable, arguments, copy_of, execute, run_project, shortfalls
from misrun.scenarios.execution import Outcome as RunOutcome
from misrun.scenarios.library import load_all, load_answer
from misrun.scenarios.recording import lay_out, provenance
from misrun.scenarios.schema import Bound, Scenario, Success
from misrun.tools.code.apply_patch import DoesNotApply, apply_patch
from misrun.tools.diagnosis.taxonomy import UNKNOWN
from misrun.tools.record import Record

# Three are read; a fourth is for those who have tried three.
RANKS = 3

Outcome = Literal["cured", "not cured", "crashed", "harmful", "does not apply", "not executable", "not run"]
# A number that is farther from its bound than before by less than this share of the bound is as far as it was: any
# change of a run moves its numbers a little (a judgement; scenarios repeat exactly, changed ones do not).
_AS_FAR = 0.05


class CureRow(Record):
    """One step of one scenario: what it was, and what came of it. `missed`: what kept the check from passing."""

    scenario: str
    mode: str
    said: str
    rank: int
    action: str
    what: str
    likelihood: float = 0.0
    outcome: Outcome
    missed: tuple[str, ...] = ()
    patch: str | None = None
    arguments: tuple[str, ...] = ()


def is_curable(scenario: Scenario) -> bool:
    """Whether its cause can be known from what is handed over, and something cures it."""
    answer = load_answer(scenario)
    return bool(answer.cures) and answer.mode != UNKNOWN


def rows_of(scenario: Scenario, known: Sequence[CureRow] = ()) -> list[CureRow]:
    """The first steps of misrun for this scenario's run, each carried out on a copy of its project unless `known` has
    what came of the same patch and arguments."""
    answer = load_answer(scenario)
    with tempfile.TemporaryDirectory() as temporary:
        report = investigate(new_request(lay_out(scenario, Path(temporary))))
    steps = [step for step in report.steps if step.kind != "watch"][:RANKS]
    laboratory = _Laboratory(scenario)
    rows = []
    for rank, step in enumerate(steps, 1):
        before = next((row for row in known if _is_same(row, scenario.id, step)), None)
        outcome, missed = (before.outcome, before.missed) if before else laboratory.carry_out(step)
        row = CureRow(
            scenario=scenario.id, mode=answer.mode, said=report.verdict.mode, rank=rank, action=step.action,
            what=step.what, likelihood=step.likelihood, outcome=outcome, missed=missed, patch=step.patch,
            arguments=step.arguments,
        )  # fmt: skip
        rows.append(row)
    return rows


def _is_same(row: CureRow, scenario: str, step: NextStep) -> bool:
    done = (row.scenario, row.patch, row.arguments) == (scenario, step.patch, step.arguments)
    return done and row.outcome not in ("not executable", "not run")


class _Laboratory:
    """One scenario to try steps on, each alone against the same unchanged run."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._success = load_answer(scenario).success

    @cached_property
    def _unchanged(self) -> RunOutcome | None:
        """The run as it is; None where it does not come to its end, so that nothing can be worse."""
        return execute(self._scenario) if provenance(self._scenario).exit_code == 0 else None

    def carry_out(self, step: NextStep) -> tuple[Outcome, tuple[str, ...]]:
        if not step.patch and not step.arguments:
            return "not executable", ()
        seed = self._scenario.seed.filled(self._scenario.seed.value)
        try:
            with copy_of(self._scenario, (seed,)) as project:
                if step.patch:
                    apply_patch(step.patch, project)
                outcome = run_project(self._scenario, project, (*arguments(seed), *step.arguments))
        except DoesNotApply as error:
            return "does not apply", (str(error),)
        except NotRunnable as error:
            return "not run", (str(error),)
        missed = shortfalls(self._success, outcome)
        return (self._failed(outcome), missed) if missed else ("cured", ())

    def _failed(self, outcome: RunOutcome) -> Outcome:
        if self._unchanged is not None and is_worse(self._success, outcome, self._unchanged):
            return "harmful"
        return "crashed" if outcome.exit_code else "not cured"


def is_worse(success: Success, changed: RunOutcome, unchanged: RunOutcome) -> bool:
    """Whether the changed run is worse off: no end, no number, or one farther from its bound than before."""
    if changed.exit_code != 0:
        return unchanged.exit_code == 0
    for name, bound in success.bounds.items():
        if name not in unchanged.checks:
            continue
        if name not in changed.checks:
            return True
        before, after = _distance(bound, unchanged.checks[name]), _distance(bound, changed.checks[name])
        if not after <= before + _AS_FAR * max(abs(bound.at_least or 0), abs(bound.at_most or 0)):
            return True
    return False


def _distance(bound: Bound, value: float) -> float:
    """How far a number lies outside its bound; 0 inside, NaN for a number that is none."""
    below = bound.at_least - value if bound.at_least is not None else 0.0
    above = value - bound.at_most if bound.at_most is not None else 0.0
    return value if value != value else max(0.0, below, above)


def read_rows(path: Path) -> list[CureRow]:
    """The rows of a file of results; none where there is no such file."""
    return [CureRow.model_validate_json(line) for line in path.read_text().splitlines()] if path.is_file() else []


def measure(scenarios: Sequence[Scenario], out: Path, jobs: int, reuse: Sequence[CureRow] = ()) -> Iterator[CureRow]:
    """Rows of the scenarios that `out` lacks, written as they come; then those that it had."""
    known = read_rows(out)
    left = [s for s in scenarios if s.id not in {row.scenario for row in known}]
    yield from known
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(rows_of, scenario, reuse) for scenario in left]):
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
        f"of these harmful: {sum(r.outcome == 'harmful' for r in executable)}, "
        f"crashed as before: {sum(r.outcome == 'crashed' for r in executable)}, "
        f"did not apply: {sum(r.outcome == 'does not apply' for r in executable)}\n"
    )


def main() -> None:
    """Carry out and print; progress on standard error."""
    parser = argparse.ArgumentParser(prog="python -m misrun.evals.cures", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reuse", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments_ = parser.parse_args()
    curable = [s for s in load_all()[0] if is_curable(s) and (not arguments_.ids or s.id in arguments_.ids)]
    rows, known = [], read_rows(arguments_.reuse) if arguments_.reuse else []
    for row in measure(curable, arguments_.out, arguments_.jobs, known):
        rows.append(row)
        sys.stderr.write(f"{row.scenario} {row.rank} {row.outcome}: {row.action}\n")
    sys.stdout.write(summary(rows, len(curable)))


if __name__ == "__main__":
    main()
