"""The synthesizer: from the diagnosis, the evidence and the code findings to at most six ordered steps.

Principle of the order: likelihood that the step cures, per effort, plus what its outcome would tell (see
cures/worth.py). A step that only hides a cause stands below the steps that cure that cause. When the diagnosis
abstains, the measurement it asks for comes first.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from misrun.agents.characterization import Characterization
from misrun.agents.cures.asked import asked_step
from misrun.agents.cures.cure import Cure, changes_of, claims_of
from misrun.agents.cures.draft import Draft, own_words, plain
from misrun.agents.cures.edits import with_edits
from misrun.agents.cures.facts import RunFacts, cite
from misrun.agents.cures.fixes import fix_draft, general_cure, grouped, sure_findings
from misrun.agents.cures.order import NEGLIGIBLE, choose, flag_displaced, to_steps
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.registry import cures_for, measurement_for
from misrun.agents.cures.resort import last_resort
from misrun.agents.cures.slots import slot_value
from misrun.agents.cures.support import reported_fix, support_claim, supporting
from misrun.agents.cures.tried import attempt_at, attempts_of, further, goes_further, lesson
from misrun.agents.cures.worth import REST, priors_of
from misrun.agents.step import Claim, NextStep
from misrun.knowledge.evidence import Evidence, SearchOutcome
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.code.trace import Trace
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.signal import Signal

MOST_STEPS = 6  # more than a screenful is a list nobody works through
MOST_WHEN_ABSTAINING = 4  # one measurement that settles it, and few guesses behind it
MOST_LESSONS = 2  # beside the reasons of one step


class Synthesis(NamedTuple):
    """The steps, best first, and what to do if none of them works."""

    steps: tuple[NextStep, ...]
    last_resort: str


def synthesize(
    run: RunRecord,
    signals: Sequence[Signal],
    diagnosis: Diagnosis,
    characterization: Characterization,
    outcome: SearchOutcome,
    audits: Sequence[Audit],
    trace: Trace | None = None,
) -> Synthesis:
    """The next steps for this run, best first, and the last resort; `trace` is its program, to write edits in."""
    facts = RunFacts(run, signals, characterization, trace)
    if diagnosis.mode == HEALTHY and not diagnosis.abstained:
        return Synthesis(_watch(facts, diagnosis), "")
    drafts = _drafts(facts, diagnosis, outcome.evidence, sure_findings(audits))
    if diagnosis.abstained and diagnosis.missing:
        asked = asked_step(diagnosis)
        rest = [draft for draft in drafts if draft.kind != "measurement"]
        chosen = [asked, *choose(rest, MOST_WHEN_ABSTAINING - 1)]
    else:
        chosen = choose(drafts, MOST_STEPS)
    return Synthesis(tuple(to_steps(chosen)), last_resort(facts, diagnosis))


def _drafts(
    facts: RunFacts, diagnosis: Diagnosis, evidence: Sequence[Evidence], findings: Sequence[Finding]
) -> list[Draft]:
    """Every step that could be proposed, unordered."""
    priors = priors_of(diagnosis)
    cures, lessons = _untried(_open_cures(priors), facts)
    free = list(evidence)
    fixes = [_claimed(fix_draft(group, facts, free), free) for group in grouped(findings)]
    covered = _covered(findings)
    general = [_claimed(_cure_draft(cure, facts, free, more), free) for cure, more in cures if cure.id not in covered]
    measurements = [found for mode in _leading(priors) if (found := measurement_for(mode)) and found.when(facts)]
    measured = [_measurement_draft(measurement, facts, priors) for measurement in measurements]
    # What a line of this code does wrong is known better than what was wrong in a reported case of the same mode.
    unseen = [entry for entry in free if not {finding.mode for finding in findings}.intersection(entry.modes)]
    drafts = [replace(draft, priors=priors) for draft in (*fixes, *general, *measured, *reported_fix(unseen, priors))]
    edited = with_edits([_on_rest(draft) for draft in drafts], facts)
    grounded = [_grounded(_beside(draft, findings), diagnosis, facts) for draft in edited]
    return _learned(flag_displaced(grounded, findings), lessons)


def _beside(draft: Draft, findings: Sequence[Finding]) -> Draft:
    """A general cure of a mode whose place in the code is known works only as far as that finding is wrong; one that
    can be carried out, where the finding cannot, works as well as ever."""
    if draft.kind in {"code fix", "measurement"}:
        return draft
    ready = draft.can_be_carried_out
    known = {f.mode: f.confidence for f in reversed(findings) if f.patch is not None or not ready}
    chances = {mode: chance * (1.0 - known.get(mode, 0.0)) for mode, chance in draft.modes.items()}
    return replace(draft, modes=chances)


def _claimed(draft: Draft, free: list[Evidence]) -> Draft:
    """The draft itself; the sources it cites are taken from `free`, so that each source is told once."""
    cited = {ref.evidence for claim in draft.claims for ref in claim.refs}
    free[:] = [entry for entry in free if entry.id not in cited]
    return draft


def _grounded(draft: Draft, diagnosis: Diagnosis, facts: RunFacts) -> Draft:
    """Where no reason of a cure cites this run, the strongest ground of its hypothesis is put before its sources."""
    cites_run = any(claim.part == "why" and any(ref.span for ref in claim.refs) for claim in draft.claims)
    if cites_run or draft.kind == "measurement":
        return draft
    grounds = [g for h in diagnosis.hypotheses if h.mode == draft.mode for g in h.supporting]
    for ground in sorted(grounds, key=lambda g: -g.weight):
        said = slot_value(f"signal.{ground.source}", facts)
        if said is not None:
            sources = [claim for claim in draft.claims if any(ref.evidence for ref in claim.refs)]
            own = [claim for claim in draft.claims if claim not in sources]
            return replace(draft, claims=(*own, said.claim("why"), *sources))
    return draft


def _leading(priors: dict[str, float]) -> list[str]:
    """The modes worth a measurement: the three likeliest, or the undetermined one where nothing is likely."""
    likely = sorted(
        (m for m, p in priors.items() if m not in (REST, HEALTHY) and p >= NEGLIGIBLE), key=lambda m: -priors[m]
    )
    return likely[:3] or [UNKNOWN]


def _open_cures(priors: dict[str, float]) -> list[Cure]:
    """Cures of every mode still in question, each once."""
    likely = [mode for mode, prior in priors.items() if mode != REST and prior >= NEGLIGIBLE]
    found = {cure.id: cure for mode in likely for cure in cures_for(mode)}
    return list(found.values())


def _untried(
    cures: Sequence[Cure], facts: RunFacts
) -> tuple[list[tuple[Cure, tuple[Claim, ...]]], list[tuple[Cure, Claim]]]:
    """The cures that apply and were not tried yet (or less far, and say so), and the lessons of those that were."""
    attempts = attempts_of(facts.characterization)
    kept: list[tuple[Cure, tuple[Claim, ...]]] = []
    lessons: list[tuple[Cure, Claim]] = []
    for cure in cures:
        attempt = attempt_at(cure, attempts)
        if attempt is not None and not goes_further(cure, attempt, facts):
            lessons.append((cure, lesson(cure, attempt)))
        elif cure.when(facts):
            kept.append((cure, (further(attempt),) if attempt else ()))
    return kept, lessons


def _covered(findings: Sequence[Finding]) -> set[str]:
    """Ids of the cures that ask in general for what a finding shows at its line: all in-code cures of its mode where
    there is a patch, else the one that the finding's step has taken over."""
    patched = {cure.id for f in findings if f.patch for cure in cures_for(f.mode) if cure.in_code}
    return patched | {cure.id for f in findings if (cure := general_cure(f))}


def _cure_draft(cure: Cure, facts: RunFacts, evidence: Sequence[Evidence], more: tuple[Claim, ...]) -> Draft:
    support = tuple(support_claim(e) for e in supporting(evidence, cure.modes, cure.supported_by))
    claims = (*claims_of(cure, facts), *more, *support)
    draft = Draft(cure.id, cure.kind, cure.modes, claims, cure.effort, cure.moves, cure.hides, cure.displaced)
    return replace(draft, changes=changes_of(cure, facts))


def _measurement_draft(measurement: Cure, facts: RunFacts, priors: dict[str, float]) -> Draft:
    """A measurement; its reason is what it tells apart."""
    mode = next(iter(measurement.modes))
    rivals = [other for other in _leading(priors) if other != mode]
    against = f" from {plain(rivals[0])}" if rivals else ""
    reason = own_words("why", f"It tells {plain(mode)}{against}: {MODES[mode].definition}")
    return Draft(
        measurement.id, "measurement", measurement.modes, (*claims_of(measurement, facts), reason), measurement.effort
    )


def _on_rest(draft: Draft) -> Draft:
    """A finding about a mode nobody named yet may be the unnamed cause: it draws on the rest of the probability."""
    if draft.kind != "code fix" or draft.mode in draft.priors:
        return draft
    return replace(draft, priors=draft.priors | {draft.mode: draft.priors[REST], REST: 0.0})


def _learned(drafts: list[Draft], lessons: Sequence[tuple[Cure, Claim]]) -> list[Draft]:
    """Puts each lesson of a failed attempt on the best step left."""
    if not drafts or not lessons:
        return drafts
    best = max(drafts, key=lambda draft: draft.score)
    told = tuple(dict.fromkeys(claim for _, claim in lessons))[:MOST_LESSONS]
    return [replace(d, claims=(*d.claims, *told)) if d is best else d for d in drafts]


# Signals that a healthy run may show and that deserve a look later, the most telling first.
_WORTH_WATCHING = (
    "validation_gap",
    "validation_noisy",
    "loss_spike",
    "grad_clipped_always",
    "loader_bound",
)


def _watch(facts: RunFacts, diagnosis: Diagnosis) -> tuple[NextStep, ...]:
    """At most one line for a healthy run: the one signal to keep an eye on."""
    signal = next((found for name in _WORTH_WATCHING if (found := facts.signal(name)) and found.spans), None)
    if signal is None:
        return ()
    refs = tuple(cite(span) for span in signal.spans)
    name = signal.name.replace("_", " ")
    claims = (
        own_words("what", f"Nothing to mend; watch the {name}."),
        Claim(part="why", text=signal.text, refs=refs, derived=numbers_in(signal.text)),
        own_words("how", "Keep logging as now."),
        own_words("verify", "It does not grow from one evaluation to the next."),
    )
    draft = Draft(f"watch:{signal.name}", "watch", {HEALTHY: 0.0}, claims, "config change", priors=priors_of(diagnosis))
    return (draft.step(),)
