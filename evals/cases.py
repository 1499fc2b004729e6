"""The cases of the evaluation: every scenario's run as its user would hand it over, with its label kept beside it.

What a method sees is the RunRecord, the signals and the code findings; never an id, a path or a recording's metadata.
"""

import hashlib
import math
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
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.methods.method import Case
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import Ending, Event, RunRecord, Series
from misrun.tools.signals.measure import measure

# Readers that a run's console output goes through; "raw logs only" keeps what they read.
_LOG_SUFFIXES = (".log", ".out", ".err", ".txt")


@dataclass(frozen=True)
class EvalCase:
    """One labelled run. `family` groups what must not be split between training and test: all scenarios of one mode
    and all variants of one scenario."""

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

    def as_case(self) -> Case:
        """The labelled case a method is fitted on."""
        return Case(facts=self.facts(), mode=self.mode)

    def facts(self) -> Facts:
        """Everything the user has."""
        return Facts(self.run, measure(self.run), self.findings)

    def facts_of_logs(self) -> Facts:
        """The console logs alone: no code, no configuration files, no metric files."""
        run = logs_only(self.run)
        return Facts(run, measure(run))

    def facts_before(self, steps: int) -> Facts | None:
        """What could be known `steps` steps before the onset, code included; None where the run has no such step."""
        if self.onset is None or self.onset - steps < 1:
            return None
        run = until(self.run, self.onset - steps)
        return Facts(run, measure(run), self.findings)


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


def logs_only(run: RunRecord) -> RunRecord:
    """The record as if only console logs had been handed over."""
    files = tuple(f for f in run.files if f.path.endswith(_LOG_SUFFIXES))
    names = {f.path for f in files}
    return run.model_copy(
        update={
            "files": files,
            "series": tuple(s for s in run.series if s.file in names),
            "events": tuple(e for e in run.events if e.span.file in names),
            "config": tuple(c for c in run.config if c.span.file in names),
            "environment": tuple(e for e in run.environment if e.span.file in names),
            "code": (),
        }
    )


def until(run: RunRecord, step: float) -> RunRecord:
    """The record as it stood when optimizer step `step` was done: later points, and what was said after them, are gone.

    Series by epoch or by order of appearance are cut at the log line of the last point kept; a file without any point
    by step keeps what stands before that share of its lines.
    """
    kept = tuple(_cut(series, step) for series in run.series if series.step_kind == "step")
    last_line = {s.file: max((line for line in s.lines), default=0) for s in kept if s.values}
    by_line = tuple(_cut_at_line(s, last_line.get(s.file, 0)) for s in run.series if s.step_kind != "step")
    events = tuple(event for event in run.events if _said_by(event, last_line))
    whole = tuple(s for s in (*kept, *by_line) if s.values)
    return run.model_copy(
        update={"series": whole, "events": events, "ending": Ending(planned_steps=run.ending.planned_steps)}
    )


def _cut(series: Series, step: float) -> Series:
    """The points up to `step`, up to the first that is later (a step counter that restarts is cut once)."""
    count = next((i for i, at in enumerate(series.steps) if at > step), len(series.steps))
    return _first(series, count)


def _cut_at_line(series: Series, line: int) -> Series:
    count = next((i for i, at in enumerate(series.lines) if at == 0 or at > line), len(series.lines))
    return _first(series, count)


def _first(series: Series, count: int) -> Series:
    return series.model_copy(
        update={"steps": series.steps[:count], "values": series.values[:count], "lines": series.lines[:count]}
    )


def _said_by(event: Event, last_line: dict[str, int]) -> bool:
    return event.span.last <= last_line.get(event.span.file, -math.inf)
