"""The silent-bug auditor: training step, modes, gradients, losses and settings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from misrun.agents.auditors.code_audit import audit_with_checks
from misrun.tools.code.checks.check import Auditor
from misrun.tools.code.finding import Audit, Delegation
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop, training_loops

AGENT: Auditor = "silent_bug"


def audit(root: Path, files: Sequence[str] | None = None, delegations: tuple[Delegation, ...] = ()) -> Audit:
    """Reads the Python files below `root` (or `files`, relative to it) and reports bugs and what is in order."""
    result, trace = audit_with_checks(AGENT, root, files, delegations)
    if trace is None:
        return result
    faulty = [(f.file, f.line) for f in result.findings]
    return result.model_copy(update={"clean": tuple(dict.fromkeys(_in_order(trace, faulty)))})


def _in_order(trace: Trace, faulty: list[tuple[str, int]]) -> Iterator[str]:
    for training in training_loops(trace):
        named = _named_events(training)
        lines = [(e.file.path, e.file.line(e.line)) for _, e in named]
        if named and training.steps and not any(place in faulty for place in lines):
            yield f"{_range(training)}: {', '.join(_distinct(name for name, _ in named))} in order"


def _distinct(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _named_events(training: TrainingLoop) -> list[tuple[str, Event]]:
    steps = {id(step.event) for step in training.steps}
    found = []
    for event in training.events:
        name = _name_of(event, id(event) in steps)
        if name:
            found.append((name, event))
    return found


def _name_of(event: Event, is_step: bool) -> str:
    if is_step:
        return "step"
    for ending, name in (
        (".zero_grad", "zero_grad"),
        (".unscale_", "unscale"),
        ("clip_grad", "clip"),
        ("scheduler.step", "scheduler"),
    ):
        if event.op.endswith(ending):
            return name
    return "backward" if event.op == "backward" else ""


def _range(training: TrainingLoop) -> str:
    node, event = training.loop.node, training.events[0]
    outermost = next((e for e in training.events if e.frame is training.loop), event)
    first = outermost.file.line(int(getattr(node, "lineno", 1)))
    last = outermost.file.line(int(getattr(node, "end_lineno", None) or first))
    return f"{outermost.file.path}:{first}-{last}"
