"""The tool `characterize`: what happened, before anything is said about why."""

from typing import TYPE_CHECKING

from pydantic import Field

from misrun.mcp.arguments import Baseline, RunPath, Text, Tried, request_for
from misrun.mcp.bounds import cut, cut_all, left_out
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.mcp.shapes import Template, template
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.agents.request import Request

_SIGNALS = 15


class Characterized(Record):
    """The filled template and the measurements behind it."""

    template: Template
    onset_step: float | None = Field(description="the step at which the failure began")
    signals: tuple[str, ...] = Field(description="measured facts with their number, comparison and place")
    files: tuple[str, ...] = Field(description="what was read")
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


async def characterize(
    call: Call, roots: Allowed, path: RunPath = None, text: Text = None, tried: Tried = (), baseline: Baseline = None
) -> Characterized:
    """Say precisely what happened in a run: symptom, expected behaviour, when it started and what changed then, what
    was tried, environment. Each field names the log or config lines it rests on, or says what to supply. Call it first,
    before searching or guessing. Reads files only."""
    asked = request_for(roots, path, text, tried, baseline)
    return await work(call, lambda: _characterized(asked))


def _characterized(asked: "Request") -> Characterized:
    from misrun.agents.characterizer import characterize as fill
    from misrun.agents.workbench import Workbench
    from misrun.report.wording import places
    from misrun.tools.diagnosis.facts import Facts
    from misrun.tools.signals.measure import measure

    bench = Workbench(asked)
    signals = measure(bench.run)
    facts = Facts(bench.run, signals, (), bench.tried)
    filled = fill(
        facts,
        bench.ontology,
        code_text=bench.code_text,
        differences=bench.differences,
        siblings=bench.siblings,
    )
    return Characterized(
        template=template(filled),
        onset_step=filled.onset_step,
        signals=tuple(cut(f"{signal.text} [{places(signal.spans)}]") for signal in signals[:_SIGNALS]),
        files=cut_all([file.path for file in bench.run.files], 20),
        notes=cut_all(bench.run.notes),
        left_out=left_out(signals, _SIGNALS, "signals"),
    )
