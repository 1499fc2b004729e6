"""Steps that mend a place in the user's code which an auditor found."""

from collections.abc import Iterable, Sequence

from misrun.agents.cures.cure import DIRECT, Cure, claims_of, sentence
from misrun.agents.cures.draft import Draft
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.registry import cures_for
from misrun.agents.cures.support import support_claim, supporting
from misrun.agents.step import Claim, Effort, Part, Reference
from misrun.knowledge.evidence import Evidence
from misrun.tools.code.finding import Audit, Finding

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


def fix_draft(finding: Finding, facts: RunFacts, evidence: Sequence[Evidence]) -> Draft:
    """The step that mends a finding; the in-code cure of its mode lends its reasons, its check and its sources."""
    cure = general_cure(finding)
    lent = claims_of(cure, facts) if cure else ()
    claims = (
        _claim(finding, "what", f"Correct {finding.span}: {sentence(finding.expected)}"),
        _claim(finding, "why", sentence(finding.message)),
        *(claim for claim in lent if claim.part == "why" and claim.refs),
        *(support_claim(e) for e in supporting(evidence, (finding.mode,), cure.supported_by if cure else "")),
        *_how(finding, lent),
        *((_claim(finding, "verify", sentence(finding.verify)),) if finding.verify else ()),
        *(claim for claim in lent if claim.part == "verify"),
    )
    modes = {finding.mode: finding.confidence * DIRECT}
    return Draft(f"fix:{finding.check}", "code fix", modes, claims, _effort(finding), patch=finding.patch)


def _claim(finding: Finding, part: Part, text: str) -> Claim:
    reference = Reference(kind="finding", label=f"{finding.check} at {finding.span}", span=finding.span)
    return Claim(part=part, text=text, refs=(reference,))


def general_cure(finding: Finding) -> Cure | None:
    """The cure that asks in general for what the finding shows at an exact line."""
    return next((cure for cure in cures_for(finding.mode) if cure.in_code), None)


def _how(finding: Finding, lent: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The patch, or the place with the general edit where there is no patch."""
    if finding.patch:
        text = f"Apply the patch of this step in the run folder (patch -p1); it changes {finding.span}."
        return (_claim(finding, "how", text),)
    place = _claim(finding, "how", f"Edit {finding.span} so that: {sentence(finding.expected)}")
    return (place, *(claim for claim in lent if claim.part == "how"))


def _effort(finding: Finding) -> Effort:
    """One line where the patch adds at most two lines; more is a code change, and so is a fix without a patch."""
    added = sum(line.startswith("+") and not line.startswith("+++") for line in (finding.patch or "").splitlines())
    return "one line" if finding.patch and added <= 2 else "code change"
