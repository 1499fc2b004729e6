"""The cases of the evaluation: every scenario's run as its user would hand it over, with its label kept beside it.

What a method sees is made from `run` and `findings` (views.py); never an id, a path or a recording's metadata.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from misrun.scenarios.library import load_answer
from misrun.scenarios.recording import lay_out
from misrun.scenarios.schema import Answer, Scenario
from misrun.tools.code.finding import Finding
from misrun.tools.code.inspect import inspect
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord


@dataclass(frozen=True, eq=False)
class EvalCase:
    """One labelled run. `family` groups what must not be split between training and test: all scenarios of one mode
    and all variants of one scenario. Cases are told apart by identity: comparing whole runs would be slow."""

    id: str
    architecture: str | None
    optimizer: str | None
    answer: Answer
    run: RunRecord
    findings: tuple[Finding, ...]

    @property
    def mode(self) -> str:
        return self.answer.mode

    @property
    def category(self) -> str:
        return self.answer.category

    @property
    def family(self) -> str:
        return self.answer.mode

    @property
    def onset(self) -> int | None:
        return self.answer.onset.step if self.answer.onset else None


def load_cases(scenarios: Sequence[Scenario], jobs: int = 1) -> Iterator[EvalCase | tuple[str, str]]:
    """Reads, and checks the code of, every scenario; one that fails comes back as (id, reason)."""
    if jobs == 1:
        yield from map(_load, scenarios)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_load, scenarios)


def _load(scenario: Scenario) -> EvalCase | tuple[str, str]:
    try:
        answer = load_answer(scenario)
        with tempfile.TemporaryDirectory() as temporary:
            project = lay_out(scenario, Path(temporary))
            run, findings = read_run(project), inspect(project).findings
    # A case that cannot be read is a row of the result, whatever the reason; the others go on.
    except Exception as error:  # noqa: BLE001
        return scenario.id, f"{type(error).__name__}: {error}"
    return EvalCase(
        id=scenario.id,
        architecture=scenario.architecture,
        optimizer=scenario.optimizer,
        answer=answer,
        run=run,
        findings=tuple(sorted(findings, key=lambda f: (-f.confidence, f.file, f.line))),
    )


def fingerprint(cases: Sequence[EvalCase]) -> str:
    """Changes whenever what a method sees of any case, or its label, changes; not with ids, folders or time."""
    sums = hashlib.sha256()
    for case in cases:
        run = case.run.model_copy(update={"root": ""})
        parts = (run.model_dump_json(), case.answer.model_dump_json(), *(f.model_dump_json() for f in case.findings))
        sums.update("\n".join(parts).encode())
    return sums.hexdigest()[:16]
