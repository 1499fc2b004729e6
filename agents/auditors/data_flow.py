"""The data-flow auditor: follows a batch from its source to the loss and the metric, and checks the way."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from misrun.agents.auditors.code_audit import audit_with_checks
from misrun.tools.code.checks.check import Auditor
from misrun.tools.code.finding import Audit, Delegation
from misrun.tools.code.flow.record import Flow
from misrun.tools.code.flow.tracer import trace_flows, unresolved_stages

AGENT: Auditor = "data_flow"
# A longer way no longer helps the reader.
_STAGES = 12


def audit(root: Path, files: Sequence[str] | None = None, delegations: tuple[Delegation, ...] = ()) -> Audit:
    """Reads the Python files below `root` (or `files`, relative to it); `clean` lists each loss with its data's way."""
    result, trace = audit_with_checks(AGENT, root, files, delegations)
    if trace is None:
        return result
    flows = trace_flows(trace)
    faulty = {(f.file, f.line) for f in result.findings}
    ways = (way for flow in flows if (flow.file, flow.line) not in faulty for way in _ways(flow))
    return result.model_copy(
        update={"clean": tuple(dict.fromkeys(ways)), "flows": flows, "unresolved": unresolved_stages(flows)}
    )


def _ways(flow: Flow) -> Iterator[str]:
    """The ways into a loss that could be followed back to where batches are made."""
    for way in flow.ways if flow.kind == "loss" else ():
        if not way.unresolved and any(stage.operation == "batch" for stage in way.stages):
            stages = [f"{s.operation} ({s.place})" if s.file else s.operation for s in way.stages[-_STAGES:]]
            yield f"{way.role} of {flow.sink} ({flow.file}:{flow.line}): {' -> '.join(stages)}"
