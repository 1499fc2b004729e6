"""The data-flow auditor: follows a batch from the loader to the loss and checks splits, loading, targets and layout."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from misrun.agents.auditors.code_audit import audit_with_checks
from misrun.tools.code.checks.check import Auditor
from misrun.tools.code.finding import Audit, Delegation
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, alternatives

AGENT: Auditor = "data_flow"
# A longer chain no longer helps the reader.
_STAGES = 12


def audit(root: Path, files: Sequence[str] | None = None, delegations: tuple[Delegation, ...] = ()) -> Audit:
    """Reads the Python files below `root` (or `files`, relative to it); `clean` lists each loss with its data's way."""
    result, trace = audit_with_checks(AGENT, root, files, delegations)
    if trace is None:
        return result
    faulty = {(f.file, f.line) for f in result.findings}
    ways = (way for event, way in _ways(trace) if (event.file.path, event.file.line(event.line)) not in faulty)
    return result.model_copy(update={"clean": tuple(dict.fromkeys(ways))})


def _ways(trace: Trace) -> Iterator[tuple[Event, str]]:
    """For every loss the stages of its input and of its target, where they can be followed back to a loader."""
    for event in trace.events(*LOSS_OPS):
        for role, value in zip(("prediction", "target"), event.args[:2], strict=False):
            chain = list(_chain(value))
            if any(stage.op in ("batch", "collated") for stage in chain):
                stages = [text for text in map(_stage, reversed(chain)) if text]
                yield event, f"{role} of {event.op} ({event.site}): {' -> '.join(stages)}"


def _chain(value: Value) -> Iterator[Value]:
    """The value and what it was computed from, first inputs only, up to the data's source."""
    current: Value | None = value
    seen: set[int] = set()
    while current is not None and id(current) not in seen and len(seen) < _STAGES:
        seen.add(id(current))
        yield current
        current = next((leaf for v in current.inputs[:1] for leaf in alternatives(v)), None)


def _stage(value: Value) -> str:
    if value.kind == "const" or not value.op or value.op in ("row", "element", "sample_index"):
        return ""
    site = value.inputs[-1].site if value.op == "collated" else value.site
    name = {"module()": "model", "collated": "batch"}.get(value.op, value.op)
    return f"{name} ({site})" if site else name
