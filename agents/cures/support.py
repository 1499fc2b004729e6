"""How retrieved evidence backs a step: which fix supports which cure, and whether it carries over."""

import re
from collections.abc import Collection, Iterable, Mapping

from misrun.agents.cures.cure import SOMETIMES, USUAL
from misrun.agents.cures.draft import Draft
from misrun.agents.cures.worth import cure_likelihood
from misrun.agents.step import Claim, Part, Reference
from misrun.knowledge.evidence import Applicability, Evidence

MOST_SUPPORT = 2  # sources named per step; all of them stand in the report
_CARRIES: dict[Applicability, str] = {
    "high": "It carries over",
    "medium": "It may carry over",
    "low": "It hardly carries over",
}
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_MOST_CHARACTERS = 240  # of a quoted fix: three lines of a terminal


def supporting(evidence: Iterable[Evidence], modes: Collection[str], pattern: str) -> tuple[Evidence, ...]:
    """The evidence for one of these modes whose fix is this one, in the order of the search (most useful first); what
    does not apply here is left out."""
    found = [
        e for e in evidence
        if e.applicability != "low" and set(e.modes) & set(modes) and pattern and re.search(pattern, e.fix, re.I)
    ]  # fmt: skip
    return tuple(found[:MOST_SUPPORT])


def support_claim(evidence: Evidence) -> Claim:
    """What the source did, and whether that carries over to this run and why."""
    return evidence_claim(
        evidence, "why", f'"{evidence.title}" fixed it this way: {shorten(evidence.fix)} {carries_over(evidence)}'
    )


def carries_over(evidence: Evidence) -> str:
    return f"{_CARRIES[evidence.applicability]}: {evidence.why.rstrip('.')}."


def evidence_claim(evidence: Evidence, part: Part, text: str) -> Claim:
    reference = Reference(kind="evidence", label=evidence.title, evidence=evidence.id, url=evidence.url)
    return Claim(part=part, text=text, refs=(reference,))


def shorten(text: str) -> str:
    """The first whole sentences that fit into the room of a quotation, closed with a full stop."""
    flat = " ".join(text.split())
    kept = ""
    for sentence in _SENTENCE.split(flat):
        if kept and len(kept) + len(sentence) > _MOST_CHARACTERS:
            break
        kept = f"{kept} {sentence}".strip()
    kept = kept if len(kept) <= 2 * _MOST_CHARACTERS else kept[:_MOST_CHARACTERS].rsplit(" ", 1)[0] + " ..."
    return kept if kept.endswith((".", "!", "?")) else f"{kept}."


# How far the word of a source goes, as the probability that its fix cures the same mode here.
_SOURCE_CHANCE = {"reproduced": USUAL, "confirmed": USUAL, "maintainer": USUAL, "claimed": SOMETIMES}
_SETTING_SHARE: dict[Applicability, float] = {"high": 1.0, "medium": 0.5, "low": 0.0}


def reported_fix(evidence: Iterable[Evidence], priors: Mapping[str, float]) -> tuple[Draft, ...]:
    """The best source among those that back no other step, as a step of its own; empty where there is none."""
    free = [e for e in evidence if e.applicability != "low" and set(e.modes) & set(priors)]
    best = max(free, key=lambda e: (cure_likelihood(priors, _chances(e)), e.score), default=None)
    if best is None:
        return ()
    claims = (
        evidence_claim(best, "what", f'Apply the fix of "{best.title}": {shorten(best.fix)}'),
        evidence_claim(best, "why", f"There: {shorten(best.problem)} {shorten(best.cause)} {carries_over(best)}"),
        evidence_claim(best, "how", f"{best.fix} ({best.url})"),
        evidence_claim(best, "verify", shorten(best.verify or best.fix)),
    )
    return (Draft(f"reported:{best.id}", "reported fix", _chances(best), claims, "code change"),)


def _chances(evidence: Evidence) -> dict[str, float]:
    chance = _SOURCE_CHANCE.get(evidence.strength, SOMETIMES) * _SETTING_SHARE[evidence.applicability]
    return dict.fromkeys(evidence.modes, chance)
