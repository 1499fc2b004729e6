"""What a method gets to see of a case: everything, the console logs alone, the run before its failure, or all but one
kind of signal. Training and test cases are seen through views; the label never is."""

import math
from collections.abc import Callable
from functools import cache

from misrun.evals.cases import EvalCase
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.partial import console_logs, last_lines
from misrun.tools.readers.run_record import Ending, Event, RunRecord, Series
from misrun.tools.signals.measure import measure

# The paper's section 6: how long before the failure a diagnosis is asked for, in optimizer steps.
LEAD_STEPS = (10, 50, 100)
EVERYTHING, HALF_WAY = "everything", "half_way"
# Canonical names (readers/metric_names.py) of what the machine does rather than what is learned.
_MACHINE = frozenset({"memory", "throughput", "step_time"})


def everything(case: EvalCase) -> Facts:
    """Everything the user has."""
    return Facts(case.run, measure(case.run), case.findings)


def logs_only(case: EvalCase) -> Facts:
    """The console logs alone: no code, no configuration files, no metric files."""
    run = console_logs(case.run)
    return Facts(run, measure(run))


def pasted(case: EvalCase) -> Facts:
    """The last lines of the console logs, as a person pastes them: no code, no start of the run."""
    run = last_lines(case.run)
    return Facts(run, measure(run))


def before_onset(case: EvalCase, steps: int) -> Facts | None:
    """What could be known `steps` steps before the onset, code included; None where the run has no such step."""
    if case.onset is None or case.onset - steps < 1:
        return None
    run = until(case.run, case.onset - steps)
    return Facts(run, measure(run), case.findings)


def half_way(case: EvalCase) -> Facts | None:
    """A healthy run while it was still going, at half of its steps: what a diagnosis ahead of failures must not alarm
    at. None for failing runs, and where nothing was logged by step until then."""
    last = max((s.steps[-1] for s in case.run.series if s.step_kind == "step" and s.steps), default=0.0)
    if case.category != "healthy" or not last:
        return None
    run = until(case.run, last / 2)
    return Facts(run, measure(run), case.findings) if run.series else None


def without_text(case: EvalCase) -> Facts:
    """No error, warning or exit status: as if the run had said nothing but numbers."""
    return _facts(case, case.run.model_copy(update={"events": (), "ending": Ending()}))


def without_training_curves(case: EvalCase) -> Facts:
    """No series of the training itself: loss, gradient norm, learning rate, loss scale, rewards."""
    return _facts(case, _keep_series(case.run, lambda s: s.phase != "train" or s.name in _MACHINE))


def without_evaluation(case: EvalCase) -> Facts:
    """Nothing that was measured on validation or test data."""
    return _facts(case, _keep_series(case.run, lambda s: s.phase != "eval"))


def without_machine(case: EvalCase) -> Facts:
    """No memory, throughput or timing."""
    return _facts(case, _keep_series(case.run, lambda s: s.phase != "system" and s.name not in _MACHINE))


def without_settings(case: EvalCase) -> Facts:
    """No configuration and no environment."""
    return _facts(case, case.run.model_copy(update={"config": (), "environment": ()}))


def without_code(case: EvalCase) -> Facts:
    """No source file and no finding in one."""
    run = case.run.model_copy(update={"code": ()})
    return Facts(run, measure(run))


ABLATIONS: dict[str, Callable[[EvalCase], Facts]] = {
    "without_text": without_text,
    "without_training_curves": without_training_curves,
    "without_evaluation": without_evaluation,
    "without_machine": without_machine,
    "without_settings": without_settings,
    "without_code": without_code,
}
VIEWS: dict[str, Callable[[EvalCase], Facts | None]] = {
    EVERYTHING: everything,
    "logs_only": logs_only,
    "pasted": pasted,
    **{f"lead_{steps}": (lambda case, steps=steps: before_onset(case, steps)) for steps in LEAD_STEPS},  # type: ignore[misc]
    HALF_WAY: half_way,
    **ABLATIONS,
}


@cache
def seen(case: EvalCase, view: str) -> Facts | None:
    """The case through a view, measured once: every fold asks for the same few."""
    return VIEWS[view](case)


def has_view(case: EvalCase, view: str) -> bool:
    """Whether a case can be seen so: a lead time needs an onset late enough, half-way a healthy run logged by step."""
    if view == HALF_WAY:
        return seen(case, view) is not None
    return not view.startswith("lead_") or (case.onset or 0) > int(view.removeprefix("lead_"))


def _facts(case: EvalCase, run: RunRecord) -> Facts:
    return Facts(run, measure(run), case.findings)


def _keep_series(run: RunRecord, keep: Callable[[Series], bool]) -> RunRecord:
    return run.model_copy(update={"series": tuple(s for s in run.series if keep(s))})


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
    # Built anew, because a copy would keep what was worked out (and cached) from all points.
    kept = {"steps": series.steps[:count], "values": series.values[:count], "lines": series.lines[:count]}
    return Series.model_validate(series.model_dump() | kept)


def _said_by(event: Event, last_line: dict[str, int]) -> bool:
    return event.span.last <= last_line.get(event.span.file, -math.inf)
