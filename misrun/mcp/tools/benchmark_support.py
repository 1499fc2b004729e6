"""The tool `benchmark_support`: in which runs of the benchmark what a report proposes worked."""

from typing import Annotated

from pydantic import Field

from misrun.mcp.bounds import cut
from misrun.mcp.reports import readable_report
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, service_of
from misrun.tools.record import Record


class SupportRow(Record):
    """One step with k of n: in how many of the near benchmark runs this kind of step cured."""

    step: str
    mode: str
    cured: int
    of: int = Field(description="0: no benchmark run is near enough to say anything")
    worked_in: tuple[str, ...] = Field(description="the benchmark runs in which it cured, the most alike first")
    failed_in: tuple[str, ...] = Field(description="those in which it was carried out and did not cure")
    executed_here: str = Field(description="not run, or what came of it in this very run")


class Support(Record):
    """What the benchmark says, and what it cannot say."""

    steps: tuple[SupportRow, ...]
    summary: str


def benchmark_support(
    call: Call,
    roots: Allowed,
    id: Annotated[str, Field(max_length=100, description="The `id` that `investigate` gave back.")],
) -> Support:
    """Tell, for each step of a report, in how many comparable runs of the benchmark it cured (k of n), and whether it
    was carried out on this run. Where nothing comparable was measured it says so: a step then rests on its sources."""
    report = readable_report(service_of(call), roots, id)
    rows = tuple(
        SupportRow(
            step=cut(step.what),
            mode=step.mode,
            cured=step.verdict.support if step.verdict else 0,
            of=step.verdict.of if step.verdict else 0,
            worked_in=step.verdict.worked if step.verdict else (),
            failed_in=step.verdict.failed if step.verdict else (),
            executed_here=step.verdict.executed if step.verdict else "not run",
        )
        for step in report.steps
    )
    return Support(steps=rows, summary=_summary(rows))


def _summary(rows: tuple[SupportRow, ...]) -> str:
    if not rows:
        return "The report proposes no step, so there is nothing to look up."
    backed = sum(row.of > 0 for row in rows)
    if not backed:
        return (
            "No benchmark run is on record as comparable to this one: every step rests on its sources alone. Verify it "
            "as its `verify` says."
        )
    return f"{backed} of {len(rows)} steps have comparable benchmark runs."
