"""The tool `trace_data_flow`: the way of the data to each loss and metric."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from misrun.mcp.arguments import CodePath, Hypothesis, Location, LookFor, code_files, delegation
from misrun.mcp.bounds import cut, cut_all, left_out
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.mcp.shapes import AuditAnswer, audit_answer
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.tools.code.finding import Audit
    from misrun.tools.code.flow.record import Flow, Stage, Way

_STAGES = 25
_FINDINGS = 10


class WayRow(Record):
    """The stages of one input of a sink, source first."""

    role: str
    stages: tuple[str, ...] = Field(
        description="operation, file:line, shape with named axes, dtype, range; ? unresolved"
    )


class FlowRow(Record):
    """What comes together in one loss, metric or fit."""

    kind: str
    sink: str
    place: str
    ways: tuple[WayRow, ...]
    differences: tuple[str, ...] = Field(description="transforms that one flow has and its counterpart lacks")


class Traced(Record):
    """All flows, the stages that could not be followed, and the findings on the way."""

    flows: tuple[FlowRow, ...]
    unresolved: tuple[str, ...] = Field(description="stages that the code does not show: look at them by hand")
    audit: AuditAnswer
    left_out: tuple[str, ...]


async def trace_data_flow(
    call: Call,
    roots: Allowed,
    path: CodePath,
    hypothesis: Hypothesis = "",
    location: Location = "",
    look_for: LookFor = (),
    sink: Annotated[str, Field(max_length=200, description="Only flows whose sink or place contains this.")] = "",
    most: Annotated[int, Field(ge=1, le=20, description="At most so many flows.")] = 6,
) -> Traced:
    """Follow the data from its source to every loss and metric: operation, shape, dtype, range and file:line of each
    stage, boundaries (disk, process, device), and what training has and evaluation lacks. Stages it cannot resolve are
    named. Nothing is executed."""
    asked = delegation("data_flow", hypothesis, location, look_for)

    def look() -> Traced:
        from misrun.agents.auditors import data_flow

        root, files = code_files(roots, path)
        return _traced(data_flow.audit(root, files, asked), sink, most)

    return await work(call, look)


def _traced(audit: "Audit", sink: str, most: int) -> Traced:
    flows = [flow for flow in audit.flows if sink in f"{flow.sink} {flow.file}:{flow.line}"]
    return Traced(
        flows=tuple(_flow_row(flow) for flow in flows[:most]),
        unresolved=cut_all([f"{f.file}:{f.line}: {f.message}" for f in audit.unresolved]),
        audit=audit_answer(audit, _FINDINGS),
        left_out=left_out(flows, most, "flows"),
    )


def _flow_row(flow: "Flow") -> FlowRow:
    return FlowRow(
        kind=flow.kind,
        sink=cut(flow.sink),
        place=f"{flow.file}:{flow.line}",
        ways=tuple(_way_row(way) for way in flow.ways),
        differences=cut_all(flow.differences),
    )


def _way_row(way: "Way") -> WayRow:
    return WayRow(role=way.role, stages=cut_all([_stage_text(stage) for stage in way.stages], _STAGES))


def _stage_text(stage: "Stage") -> str:
    """ "conv (model.py:12) (B, 8, 32, 32) batch channel height width float32"."""
    shape = f"({', '.join(stage.sizes)})" if stage.sizes else ""
    extra = (f"to {stage.boundary}" if stage.boundary else "", *(f"with {other}" for other in stage.merges))
    mark = "" if stage.resolved else "? "
    parts = (stage.operation, f"({stage.place})" if stage.place else "", shape, *stage.axes, stage.dtype, stage.values)
    return cut(mark + " ".join(part for part in (*parts, *extra, *stage.notes) if part), 300)
