"""The tool `investigate`: the whole way from a run to next steps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio.from_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from misrun.mcp.arguments import Baseline, RunPath, Text, Tried, request_for
from misrun.mcp.bounds import PATCH, cut, cut_all, left_out
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, service_of, work
from misrun.mcp.shapes import REPORT, FindingRow, HypothesisRow, Template, finding_row, hypothesis_row, template
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.agents.graph import Progress
    from misrun.agents.report import Report
    from misrun.agents.request import Request
    from misrun.agents.step import NextStep
    from misrun.knowledge.evidence import Evidence

_HYPOTHESES, _FINDINGS, _STEPS, _EVIDENCE = 4, 6, 4, 4
# What the report's last lines take after the time is up: reading of the partial state and writing it. A judgement.
_GRACE = 15.0


class StepRow(Record):
    """One thing to do, best first."""

    what: str
    why: str
    how: str
    verify: str
    likelihood: float = Field(description="0..1 that it cures")
    effort: str
    executed: str = Field(description="not run, or what came of carrying it out, with what was measured")
    sources: tuple[str, ...] = Field(description="what it rests on: lines of the run, code findings, entries")
    patch: str


class EvidenceRow(Record):
    """One entry of the knowledge, judged against this run."""

    id: str
    title: str
    url: str
    level: int
    applicability: str = Field(description="high, medium or low; `why` says what is alike and what differs")
    why: str
    cause: str
    fix: str


class Investigated(Record):
    """The report in short. The whole of it is the resource named in `report`."""

    id: str
    report: str = Field(description="resource with the whole report; `get_report` reads it in parts")
    complete: bool = Field(description="false: time was up, see notes; call again with a longer `timeout`")
    verdict: str
    category: str
    mode: str
    likelihood: float
    abstained: bool = Field(description="true: the evidence is not enough; do not tell a cause, ask for `missing`")
    missing: str = Field(description="the one measurement that would settle what is open")
    template: Template
    hypotheses: tuple[HypothesisRow, ...]
    findings: tuple[FindingRow, ...]
    steps: tuple[StepRow, ...]
    evidence: tuple[EvidenceRow, ...]
    last_resort: str
    searched: str
    notes: tuple[str, ...]
    left_out: tuple[str, ...] = Field(description="what only the whole report has")


async def investigate(
    call: Call,
    roots: Allowed,
    path: RunPath = None,
    text: Text = None,
    tried: Tried = (),
    baseline: Baseline = None,
    timeout: Annotated[float, Field(ge=1, le=3600, description="Seconds, then the partial report comes back.")] = 45.0,
    run_command: Annotated[
        str | None,
        Field(
            max_length=2000,
            description='Command that reproduces the failure ("python train.py"): carries the steps '
            "out in a sandboxed copy. Only where the server was started with --allow-run.",
        ),
    ] = None,
) -> Investigated:
    """Find out why a training run failed: what happened, ranked causes with evidence for and against, code to blame
    (file:line), what papers and issues know, and checked next steps, best first. Takes seconds and reports progress.
    Give a run folder, one log file, or pasted text. Reads files only, unless `run_command` is given."""
    asked = request_for(roots, path, text, tried, baseline)
    asked = asked.model_copy(update={"command": _command(call, run_command, asked)})
    report = await work(call, lambda: _report(call, asked, timeout), timeout + _GRACE)
    service_of(call).made.add(report.id)
    return shortened(report)


def _command(call: Call, command: str | None, asked: "Request") -> tuple[str, ...]:
    """The words of the command; ToolError where nothing may be run, or not there."""
    if command is None:
        return ()
    if not service_of(call).options.allow_run:
        raise ToolError(
            "This server runs no code. Leave `run_command` out, or ask the user to start it with `misrun mcp "
            "--allow-run`; what it runs then is confined to a sandboxed copy."
        )
    from misrun.tools.readers.command_line import words_of
    from misrun.tools.sandbox.sandbox import unavailable

    if asked.pasted or not Path(asked.path).is_dir():
        raise ToolError("`run_command` needs the folder of the project as `path`.")
    if (missing := unavailable()) is not None:
        raise ToolError(f"No code can be run here: {missing}")
    if not (words := tuple(words_of(command))):
        raise ToolError("`run_command` is no command: check its quotes.")
    return words


def _report(call: Call, asked: "Request", timeout: float) -> "Report":
    from misrun.agents import investigation

    service_of(call).index.hold()
    done = 0

    def tell(item: "Progress") -> None:
        nonlocal done
        done += item.done
        words = f"{item.stage}: {item.text}" if item.done else item.stage
        anyio.from_thread.run(call.report_progress, float(done), None, cut(words, 200))

    return investigation.investigate(asked, timeout=timeout, on_progress=tell)


def shortened(report: "Report") -> Investigated:
    """What fits into one answer, from the top of every list."""
    from misrun.report.wording import headline, search_summary

    verdict = report.verdict
    return Investigated(
        id=report.id,
        report=REPORT.format(id=report.id),
        complete=report.complete,
        verdict=cut(headline(report)),
        category=verdict.category,
        mode=verdict.mode,
        likelihood=round(verdict.likelihood, 3),
        abstained=verdict.abstained,
        missing=cut(verdict.missing or ""),
        template=template(report.characterization),
        hypotheses=tuple(hypothesis_row(h) for h in report.hypotheses[:_HYPOTHESES]),
        findings=tuple(finding_row(f) for f in report.findings[:_FINDINGS]),
        steps=tuple(_step_row(step) for step in report.steps[:_STEPS]),
        evidence=tuple(_evidence_row(entry) for entry in report.evidence[:_EVIDENCE]),
        last_resort=cut(report.last_resort),
        searched=cut(search_summary(report)),
        notes=cut_all(report.notes),
        left_out=_left_out(report),
    )


def _left_out(report: "Report") -> tuple[str, ...]:
    return (
        *left_out(report.hypotheses, _HYPOTHESES, "hypotheses"),
        *left_out(report.findings, _FINDINGS, "findings"),
        *left_out(report.steps, _STEPS, "steps"),
        *left_out(report.evidence, _EVIDENCE, "entries"),
    )


def _step_row(step: "NextStep") -> StepRow:
    verdict = step.verdict
    executed = verdict.executed if verdict else "not run"
    return StepRow(
        what=cut(step.what),
        why=cut(step.why, 1000),
        how=cut(step.how, 1000),
        verify=cut(step.verify),
        likelihood=round(step.likelihood, 3),
        effort=step.effort,
        executed=cut(f"{executed}: {verdict.measured}" if verdict and verdict.measured else executed),
        sources=cut_all([reference.url or reference.label for reference in step.refs]),
        patch=cut(step.patch or "", PATCH),
    )


def _evidence_row(entry: "Evidence") -> EvidenceRow:
    return EvidenceRow(
        id=entry.id,
        title=cut(entry.title),
        url=entry.url,
        level=entry.level,
        applicability=entry.applicability,
        why=cut(entry.why),
        cause=cut(entry.cause),
        fix=cut(entry.fix),
    )
