"""Triage: from the measured signals to ranked hypotheses, and from those to what each auditor is asked."""

from collections.abc import Sequence
from pathlib import PurePath

from misrun.tools.code.finding import Delegation, Finding
from misrun.tools.code.look_for import CHECKS_FOR_MODE
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Hypothesis
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal

AUDITORS = ("silent_bug", "data_flow", "jax_logic")
# The leading hypotheses go to the auditors; what they look for beyond them comes from their own full list of checks.
_DELEGATED = 4


def triage(
    run: RunRecord, signals: Sequence[Signal], tried: Sequence[str] = (), findings: Sequence[Finding] = ()
) -> Diagnosis:
    """The diagnosis from everything known so far; called again once the auditors have reported."""
    return diagnose(Facts(run, signals, findings, tried))


def delegations(run: RunRecord, hypotheses: Sequence[Hypothesis]) -> tuple[Delegation, ...]:
    """Hypothesis, location and what to look for, for each auditor, from the leading hypotheses that code can cause."""
    location = suspect_location(run)
    asked = [h for h in hypotheses if CHECKS_FOR_MODE.get(h.mode)][:_DELEGATED]
    return tuple(
        Delegation(
            agent=agent,
            mode=hypothesis.mode,
            location=location,
            look_for=CHECKS_FOR_MODE[hypothesis.mode],
            because=hypothesis.supporting[0].text if hypothesis.supporting else "",
        )
        for agent in AUDITORS
        for hypothesis in asked
    )


def suspect_location(run: RunRecord) -> Span | None:
    """The innermost frame of the root error that lies in a file of this run, or None."""
    by_name = {PurePath(code.path).name: code for code in run.code}
    for event in run.events:
        if event.secondary or event.kind != "error":
            continue
        for frame in reversed(event.frames):
            code = by_name.get(PurePath(frame.file).name)
            if code is not None and 1 <= frame.line <= code.lines:
                return Span(file=code.path, first=frame.line, last=frame.line)
    return None
