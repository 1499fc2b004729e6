"""Steps that mend a place in the user's code which an auditor found."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from misrun.agents.cures.cure import DIRECT, Cure, claims_of, sentence
from misrun.agents.cures.draft import Draft
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.registry import cures_for
from misrun.agents.cures.support import support_claim, supporting
from misrun.agents.cures.tried import Attempt, attempts_of
from misrun.agents.step import Claim, Effort, Part, Reference
from misrun.knowledge.evidence import Evidence
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.code.merged_patches import merged
from misrun.tools.diagnosis.attempts import FAILED_ATTEMPT, corrects

# Confidence below which a code finding is a suspicion and no step: more likely wrong than right.
CERTAIN_ENOUGH = 0.5


def sure_findings(audits: Iterable[Audit]) -> list[Finding]:
    """Findings that are more than a suspicion, the surest first; of overlapping ones about one mode the first."""
    sure = [f for audit in audits for f in audit.findings if f.severity != "note" and f.confidence >= CERTAIN_ENOUGH]
    kept: list[Finding] = []
    for finding in sorted(sure, key=lambda f: (-f.confidence, f.patch is None, f.file, f.line)):
        if not any(_same_place(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _same_place(one: Finding, other: Finding) -> bool:
    overlap = one.line <= other.last_line and other.line <= one.last_line
    return one.file == other.file and one.mode == other.mode and overlap


def grouped(findings: Sequence[Finding]) -> list[tuple[Finding, ...]]:
    """Findings that one step mends: those of one check in one file that ask for the same thing. Those with a patch
    stand together: one of two unsafe logarithms mended alone would cure nothing."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.check, finding.file, finding.mode, finding.expected, "patch" if finding.patch else "")
        groups.setdefault(key, []).append(finding)
    return [tuple(sorted(group, key=lambda f: f.line)) for group in groups.values()]


def fix_draft(group: tuple[Finding, ...], facts: RunFacts, evidence: Sequence[Evidence]) -> Draft:
    """The step that mends a group of findings; the in-code cure of its mode lends its reasons, check and sources."""
    lead = max(group, key=lambda finding: finding.confidence)
    patches = [finding.patch for finding in group if finding.patch]
    patch = lead.patch if len(patches) < 2 else merged(Path(facts.run.root), patches) or lead.patch
    cure = general_cure(lead)
    lent = claims_of(cure, facts) if cure else ()
    places = " and ".join(str(finding.span) for finding in group)
    claims = (
        _claim(group, "what", f"Correct {places}: {sentence(lead.expected)}"),
        *(_claim((finding,), "why", sentence(finding.message)) for finding in group),
        *(claim for claim in lent if claim.part == "why" and claim.refs),
        *(support_claim(e) for e in supporting(evidence, (lead.mode,), cure.supported_by if cure else "")),
        *_how(group, places, lent, patch),
        *((_claim(group, "verify", sentence(lead.verify)),) if lead.verify else ()),
        *(claim for claim in lent if claim.part == "verify"),
    )
    attempt = _attempt_at(group, facts)
    if attempt is not None:
        claims = (*claims, _once_more(attempt))
    modes = {lead.mode: lead.confidence * DIRECT * (1.0 if attempt is None else math.exp(FAILED_ATTEMPT))}
    return Draft(f"fix:{lead.check}", "code fix", modes, claims, _effort(patch), patch=patch, tried=attempt is not None)


def _attempt_at(group: tuple[Finding, ...], facts: RunFacts) -> Attempt | None:
    """The reported attempt that was this very correction, or None."""
    attempts = attempts_of(facts.characterization)
    return next((a for a in attempts if any(corrects(a.text, finding) for finding in group)), None)


def _once_more(attempt: Attempt) -> Claim:
    """Why a correction that was tried is still named: the place is as it was in the files that were read."""
    text = f'Already tried: "{attempt.text}". The files that were read still have it: see that the changed code ran.'
    return Claim(part="why", text=text, refs=attempt.refs, derived=numbers_in(text))


def _claim(group: tuple[Finding, ...], part: Part, text: str) -> Claim:
    refs = tuple(Reference(kind="finding", label=f"{f.check} at {f.span}", span=f.span) for f in group)
    return Claim(part=part, text=text, refs=refs)


def general_cure(finding: Finding) -> Cure | None:
    """The cure that asks in general for what the finding shows at an exact line."""
    return next((cure for cure in cures_for(finding.mode) if cure.in_code), None)


def _how(group: tuple[Finding, ...], places: str, lent: tuple[Claim, ...], patch: str | None) -> tuple[Claim, ...]:
    """The patch, or the places with the general edit where there is no patch."""
    if patch:
        text = f"Apply the patch of this step in the run folder (patch -p1); it changes {places}."
        return (_claim(group, "how", text),)
    place = _claim(group, "how", f"Edit {places} so that: {sentence(group[0].expected)}")
    return (place, *(claim for claim in lent if claim.part == "how"))


def _effort(patch: str | None) -> Effort:
    """One line where the patch adds at most two lines; more is a code change, and so is a fix without a patch."""
    added = sum(line.startswith("+") and not line.startswith("+++") for line in (patch or "").splitlines())
    return "one line" if patch and added <= 2 else "code change"
