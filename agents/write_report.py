"""Puts what is known into a Report, whether the investigation came to its end or not."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from misrun.agents.characterization import Characterization
from misrun.agents.report import Answer, Report
from misrun.agents.workbench import Workbench
from misrun.knowledge.evidence import SearchOutcome
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.simple_rules import first_match
from misrun.tools.diagnosis.taxonomy import UNKNOWN

_NOTHING_YET = Diagnosis(
    category="unknown", mode=UNKNOWN, likelihood=0.0, abstained=True, reason="stopped before the evidence was weighed"
)


def write_report(state: Mapping[str, Any], bench: Workbench, *, complete: bool, notes: tuple[str, ...] = ()) -> Report:
    """The report of a (possibly unfinished) state; what is not there yet stays empty and is named in the notes."""
    diagnosis: Diagnosis = state.get("diagnosis", _NOTHING_YET)
    outcome: SearchOutcome = state.get("outcome", SearchOutcome())
    audits = tuple(sorted(state.get("audits", ()), key=lambda audit: audit.agent))
    findings = sorted((f for a in audits for f in a.findings), key=lambda f: (-f.confidence, f.file, f.line))
    run = bench.run_so_far
    return Report(
        id=bench.request.id,
        created=bench.request.created,
        path=bench.redactor.text(bench.request.shown_path),
        complete=complete,
        verdict=_verdict(diagnosis, state, bench, findings),
        characterization=state.get("characterization", Characterization()),
        signals=state.get("signals", ()),
        hypotheses=diagnosis.hypotheses,
        evidence=(*outcome.evidence, *outcome.beyond),
        search=outcome.steps,
        search_stopped=outcome.stopped,
        audits=audits,
        findings=tuple(findings),
        steps=state.get("steps", ()),
        last_resort=state.get("last_resort", ""),
        files=tuple(file.path for file in run.files),
        skipped=run.skipped,
        notes=tuple(dict.fromkeys((*state.get("notes", ()), *notes, *_redacted(bench)))),
        redacted=bench.redactor.secrets,
        private=bench.request.private,
        timings=state.get("timings", ()),
        versions=_versions(outcome),
    )


def _redacted(bench: Workbench) -> tuple[str, ...]:
    said = bench.redactor.summary()
    return (said,) if said else ()


def _verdict(diagnosis: Diagnosis, state: Mapping[str, Any], bench: Workbench, findings: Any) -> Answer:
    rule = first_match(Facts(bench.run_so_far, state.get("signals", ()), findings))
    leading = next((h.likelihood for h in diagnosis.hypotheses if h.mode == diagnosis.mode), diagnosis.likelihood)
    return Answer(
        category=diagnosis.category,
        mode=diagnosis.mode,
        likelihood=diagnosis.likelihood,
        mode_likelihood=leading,
        abstained=diagnosis.abstained,
        reason=diagnosis.reason,
        missing=diagnosis.missing,
        rule=f"simple rule {rule.number} ({rule.name}) says {rule.mode}",
    )


def _versions(outcome: SearchOutcome) -> dict[str, str]:
    try:
        own = version("misrun")
    except PackageNotFoundError:  # a source tree that was never installed
        own = "source"
    return {"misrun": own, "corpus": outcome.snapshot, "corpus_entries": str(outcome.corpus_entries)}
