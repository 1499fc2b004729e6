"""The tool `diagnose`: the ranked causes alone, without literature and steps."""

from typing import TYPE_CHECKING

from pydantic import Field

from misrun.mcp.arguments import RunPath, Text, Tried, request_for
from misrun.mcp.bounds import cut, left_out
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.mcp.shapes import FindingRow, HypothesisRow, finding_row, hypothesis_row
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.agents.request import Request
    from misrun.tools.code.finding import Finding
    from misrun.tools.readers.run_record import RunRecord

_HYPOTHESES = 6
_FINDINGS = 8


class Diagnosed(Record):
    """The verdict and what it rests on."""

    category: str = Field(
        description="memory_hardware, optimization, data_pipeline, model_software, unknown or healthy"
    )
    mode: str
    likelihood: float
    abstained: bool = Field(description="true: the evidence is not enough; do not tell a cause, ask for `missing`")
    reason: str
    missing: str = Field(description="the one measurement that would settle what is open")
    hypotheses: tuple[HypothesisRow, ...]
    findings: tuple[FindingRow, ...] = Field(description="code findings that were weighed in")
    simple_rule: str = Field(description="what the 23 simple rules of the benchmark paper say, for comparison")
    left_out: tuple[str, ...]


async def diagnose(call: Call, roots: Allowed, path: RunPath = None, text: Text = None, tried: Tried = ()) -> Diagnosed:
    """Rank the possible causes of a failed run, each with what was measured for and against it. Quicker and shorter
    than `investigate`: no literature, no next steps. Use it to check a hypothesis of your own. Reads files only."""
    asked = request_for(roots, path, text, tried, None)
    return await work(call, lambda: _diagnosed(asked))


def _diagnosed(asked: "Request") -> Diagnosed:
    from misrun.agents.triage import triage
    from misrun.agents.workbench import Workbench
    from misrun.tools.diagnosis.facts import Facts
    from misrun.tools.diagnosis.methods.simple_rules import first_match
    from misrun.tools.signals.measure import measure

    bench = Workbench(asked)
    signals, findings = measure(bench.run), _code_findings(asked, bench.run)
    found = triage(bench.run, signals, bench.tried, findings)
    rule = first_match(Facts(bench.run, signals, findings))
    return Diagnosed(
        category=found.category,
        mode=found.mode,
        likelihood=round(found.likelihood, 3),
        abstained=found.abstained,
        reason=cut(found.reason),
        missing=cut(found.missing or ""),
        hypotheses=tuple(hypothesis_row(h) for h in found.hypotheses[:_HYPOTHESES]),
        findings=tuple(finding_row(f) for f in findings[:_FINDINGS]),
        simple_rule=f"simple rule {rule.number} ({rule.name}) says {rule.mode}",
        left_out=(
            *left_out(found.hypotheses, _HYPOTHESES, "hypotheses"),
            *left_out(findings, _FINDINGS, "findings"),
        ),
    )


def _code_findings(asked: "Request", run: "RunRecord") -> "list[Finding]":
    """What all checks find in the run's code, the most certain first."""
    from misrun.tools.code.inspect import inspect

    if not run.code:
        return []
    found = inspect(asked.root, [code.path for code in run.code]).findings
    return sorted(found, key=lambda f: (-f.confidence, f.file, f.line))
