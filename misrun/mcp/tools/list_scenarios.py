"""The tool `list_scenarios`: the benchmark's runs."""

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from misrun.mcp.bounds import cut_all
from misrun.mcp.service import Call, work
from misrun.tools.record import Record


class ScenarioRow(Record):
    """One runnable training project of the benchmark; what was wrong with it is not told here."""

    id: str
    architecture: str
    optimizer: str
    recording: str = Field(description="how it was recorded")
    healthy: bool


class Scenarios(Record):
    """The scenarios asked for."""

    scenarios: tuple[ScenarioRow, ...]
    damaged: tuple[str, ...]


async def list_scenarios(
    call: Call,
    architecture: Annotated[str, Field(max_length=100, description="Only this architecture; empty: all.")] = "",
) -> Scenarios:
    """List the benchmark's training runs: id, architecture, optimizer, healthy or not. Not what was wrong."""
    return await work(call, lambda: _listed(architecture))


def _listed(architecture: str) -> Scenarios:
    from misrun.scenarios.library import load_all

    scenarios, damaged = load_all()
    known = sorted({str(scenario.architecture) for scenario in scenarios})
    if architecture and architecture not in known:
        raise ToolError(f"No scenario has the architecture {architecture!r}. There are: {', '.join(known)}")
    rows = (
        ScenarioRow(
            id=s.id,
            architecture=str(s.architecture),
            optimizer=str(s.optimizer or ""),
            recording=str(s.recording),
            healthy=s.healthy,
        )
        for s in scenarios
        if architecture in ("", str(s.architecture))
    )
    return Scenarios(scenarios=tuple(rows), damaged=cut_all([f"{d.id}: {d.reason}" for d in damaged]))
