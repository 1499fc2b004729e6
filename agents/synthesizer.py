"""The synthesizer: from the diagnosis, the evidence and the code findings to at most six ordered steps.

Principle of the order: likelihood that the step cures, per effort, plus what its outcome would tell (see
cures/worth.py). A step that only hides a cause which is itself among the steps stands below that step. When the
diagnosis abstains, the measurement it asks for comes first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from misrun.agents.characterization import Characterization
from misrun.agents.cures.asked import code_for
from misrun.agents.cures.cure import DIRECT, SOMETIMES, USUAL, Cure, claims_of
from misrun.agents.cures.facts import RunFacts, cite
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.registry import cures_for, measurement_for
from misrun.agents.cures.support import carries_over, evidence_claim, reference, shorten, support_claim, supporting
from misrun.agents.cures.tried import attempt_at, attempts_of, further, goes_further, lesson
from misrun.agents.cures.worth import (
    REST,
    cure_likelihood,
    diagnostic_value,
    outcomes_of_cure,
    outcomes_of_measurement,
    priors_of,
    score,
)
from misrun.agents.step import Claim, Effort, NextStep, Reference, StepKind, join_part, references_of
from misrun.knowledge.evidence import Evidence, SearchOutcome
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN, category_of
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.signal import Signal

MOST_STEPS = 6  # the bound of the brief: more than a screenful is a list nobody works through
MOST_WHEN_ABSTAINING = 4  # one measurement that settles it, and few guesses behind it
MOST_PER_MODE = 3
MOST_MEASUREMENTS = 2
# A mode less likely than this gets no cures of its own: 20 such modes would have to be wrong together.
NEGLIGIBLE = 0.05
CERTAIN_ENOUGH = 0.5  # confidence below which a code finding is a suspicion and no step


class Synthesis(NamedTuple):
    """The steps, best first, and what to do if none of them works."""

    steps: tuple[NextStep, ...]
    last_resort: str


@dataclass(frozen=True)
class Draft:
    """A step before it is ordered: its claims, and what it would do about which modes."""

    action: str
    kind: StepKind
    modes: dict[str, float]
    claims: tuple[Claim, ...]
    effort: Effort
    moves: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    displaced: str = ""
    patch: str | None = None
    priors: dict[str, float] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return join_part(self.claims, "what")

    @property
    def likelihood(self) -> float:
        return cure_likelihood(self.priors, self.modes)

    @property
    def mode(self) -> str:
        """The mode it is most likely to cure (for measurements: the likeliest it tells about)."""
        return max(self.modes, key=lambda mode: (self.priors.get(mode, 0.0) * (self.modes[mode] or 1.0), mode))

    @property
    def value(self) -> float:
        if self.kind == "measurement":
            return diagnostic_value(self.priors, outcomes_of_measurement(self.priors, self.modes))
        return diagnostic_value(self.priors, outcomes_of_cure(self.priors, self.modes, self.hides))

    @property
    def score(self) -> float:
        return score(self.likelihood, self.effort, self.value)


def synthesize(
    run: RunRecord,
    signals: Sequence[Signal],
    diagnosis: Diagnosis,
    characterization: Characterization,
    outcome: SearchOutcome,
    audits: Sequence[Audit],
) -> Synthesis:
    """The next steps for this run, best first, and the last resort."""
    facts = RunFacts(run, signals, characterization)
    if diagnosis.mode == HEALTHY and not diagnosis.abstained:
        return Synthesis(_watch(facts, diagnosis), "")
    drafts = _drafts(facts, diagnosis, outcome.evidence, _findings(audits))
    asked = _asked(diagnosis, drafts) if diagnosis.abstained and diagnosis.missing else ()
    limit = MOST_WHEN_ABSTAINING if asked else MOST_STEPS
    chosen = _chosen(drafts, diagnosis, limit - len(asked))
    steps = _with_contradictions((*asked, *chosen))
    return Synthesis(tuple(steps), last_resort(facts, diagnosis))


def _drafts(
    facts: RunFacts, diagnosis: Diagnosis, evidence: Sequence[Evidence], findings: Sequence[Finding]
) -> list[Draft]:
    """Every step that could be proposed, unordered."""
    priors = priors_of(diagnosis)
    cures, lessons = _untried(_applicable(facts, priors), facts)
    fixes = [_fix(finding, priors, facts, evidence) for finding in findings]
    mended = {finding.mode for finding in findings if finding.patch}
    plain = [_cure_draft(cure, facts, evidence, more) for cure, more in cures if not _covered(cure, mended)]
    measured = [_cure_draft(m, facts, (), ()) for mode in _leading(priors) if (m := measurement_for(mode))]
    reported = _reported_fix(evidence, priors, plain + fixes)
    drafts = [replace(draft, priors=priors) for draft in (*fixes, *plain, *measured, *reported)]
    return _learned(_displaced(_with_rest(drafts), findings), lessons)


def _leading(priors: dict[str, float]) -> list[str]:
    """The modes worth a measurement: the three likeliest, or the undetermined one where nothing is likely."""
    likely = sorted(
        (m for m, p in priors.items() if m not in (REST, HEALTHY) and p >= NEGLIGIBLE), key=lambda m: -priors[m]
    )
    return likely[:3] or [UNKNOWN]


def _applicable(facts: RunFacts, priors: dict[str, float]) -> list[Cure]:
    """Cures of every mode still in question that apply to this run, each once."""
    likely = [mode for mode, prior in priors.items() if mode != REST and prior >= NEGLIGIBLE]
    found = {cure.id: cure for mode in likely for cure in cures_for(mode) if cure.when(facts)}
    return list(found.values())


def _untried(
    cures: Sequence[Cure], facts: RunFacts
) -> tuple[list[tuple[Cure, tuple[Claim, ...]]], list[tuple[Cure, Claim]]]:
    """The cures not tried yet (or tried less far, with a claim saying so), and the lessons of those that were."""
    attempts = attempts_of(facts.characterization)
    kept: list[tuple[Cure, tuple[Claim, ...]]] = []
    lessons: list[tuple[Cure, Claim]] = []
    for cure in cures:
        attempt = attempt_at(cure, attempts)
        if attempt is None:
            kept.append((cure, ()))
        elif goes_further(cure, attempt, facts):
            kept.append((cure, (further(attempt),)))
        else:
            lessons.append((cure, lesson(cure, attempt)))
    return kept, lessons


def _covered(cure: Cure, mended: set[str]) -> bool:
    """Whether a code finding with a patch already does, at the exact line, what this cure asks for in general."""
    return cure.in_code and bool(mended & set(cure.modes))


def _cure_draft(cure: Cure, facts: RunFacts, evidence: Sequence[Evidence], more: tuple[Claim, ...]) -> Draft:
    support = tuple(support_claim(e) for e in supporting(evidence, cure.modes, cure.supported_by))
    claims = (*claims_of(cure, facts), *more, *support)
    displaced = f"Only hides the cause: {cure.displaced}." if cure.displaced else ""
    return Draft(cure.id, cure.kind, cure.modes, claims, cure.effort, cure.moves, cure.hides, displaced)


# Findings


def _findings(audits: Sequence[Audit]) -> list[Finding]:
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


def _fix(finding: Finding, priors: dict[str, float], facts: RunFacts, evidence: Sequence[Evidence]) -> Draft:
    """The step that mends a finding; the in-code cure of its mode lends its reasons, its check and its sources."""
    cure = next((c for c in cures_for(finding.mode) if c.in_code), None)
    lent = claims_of(cure, facts) if cure else ()
    ref = Reference(kind="finding", label=f"{finding.check} at {finding.span}", span=finding.span)
    pattern = cure.supported_by if cure else ""
    claims = (
        _found(finding, "what", f"Correct {finding.span}: {_sentence(finding.expected)}", ref),
        _found(finding, "why", _sentence(finding.message), ref),
        *(claim for claim in lent if claim.part == "why" and claim.refs),
        *(support_claim(e) for e in supporting(evidence, {finding.mode: DIRECT}, pattern)),
        _found(finding, "how", _how_to_fix(finding), ref),
        *_verification(finding, lent, ref),
    )
    modes = {finding.mode: finding.confidence * DIRECT}
    return Draft(f"fix:{finding.check}", "code fix", modes, claims, _fix_effort(finding), patch=finding.patch)


def _found(finding: Finding, part: str, text: str, ref: Reference) -> Claim:
    """A claim of a check. Its numbers are the check's own words, so what is machine-checked is that it said them."""
    return Claim.model_validate({"part": part, "text": text, "refs": (ref,)})


def _how_to_fix(finding: Finding) -> str:
    if finding.patch:
        return f"Apply the patch of this step in the run folder (patch -p1); it changes {finding.span}."
    return f"Edit {finding.span} so that: {_sentence(finding.expected)}"


def _verification(finding: Finding, lent: tuple[Claim, ...], ref: Reference) -> tuple[Claim, ...]:
    own = (_found(finding, "verify", _sentence(finding.verify), ref),) if finding.verify else ()
    return (*own, *(claim for claim in lent if claim.part == "verify"))


def _fix_effort(finding: Finding) -> Effort:
    """One line where the patch adds at most two; more is a code change, and so is a fix without a patch."""
    added = sum(line.startswith("+") and not line.startswith("+++") for line in (finding.patch or "").splitlines())
    return "one line" if finding.patch and added <= 2 else "code change"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _with_rest(drafts: list[Draft]) -> list[Draft]:
    """A finding about a mode nobody named yet may be the unnamed cause: it draws on the rest of the probability."""
    return [
        replace(d, priors=d.priors | {d.mode: d.priors[REST], REST: 0.0})
        if d.kind == "code fix" and not set(d.modes) & set(d.priors)
        else d
        for d in drafts
    ]


# Evidence


# How far the word of a source goes, as the probability that its fix cures the same mode here.
_SOURCE_CHANCE = {"reproduced": USUAL, "confirmed": USUAL, "maintainer": USUAL, "claimed": SOMETIMES}
_SETTING_SHARE = {"high": 1.0, "medium": 0.5, "low": 0.0}


def _reported_fix(evidence: Sequence[Evidence], priors: dict[str, float], drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """The best source whose fix no other step holds, as a step of its own."""
    cited = {ref.evidence for draft in drafts for claim in draft.claims for ref in claim.refs if ref.evidence}
    free = [e for e in evidence if e.id not in cited and e.applicability != "low" and set(e.modes) & set(priors)]
    best = max(free, key=lambda e: (cure_likelihood(priors, _source_modes(e)), e.score), default=None)
    if best is None:
        return ()
    claims = (
        evidence_claim(best, "what", f'Apply the fix of "{best.title}": {shorten(best.fix)}'),
        evidence_claim(best, "why", f"There: {shorten(best.problem)} {shorten(best.cause)} {carries_over(best)}"),
        evidence_claim(best, "how", f"{best.fix} ({best.url})"),
        evidence_claim(best, "verify", shorten(best.verify or best.fix)),
    )
    return (Draft(f"reported:{best.id}", "reported fix", _source_modes(best), claims, "code change"),)


def _source_modes(evidence: Evidence) -> dict[str, float]:
    chance = _SOURCE_CHANCE.get(evidence.strength, SOMETIMES) * _SETTING_SHARE[evidence.applicability]
    return dict.fromkeys(evidence.modes, chance)


# Order


def _displaced(drafts: list[Draft], findings: Sequence[Finding]) -> list[Draft]:
    """Flags every step that would hide a cause which a finding shows or which is at least as likely as the step's own."""
    shown = {finding.mode: finding for finding in findings}
    return [replace(d, displaced=d.displaced or _hidden_cause(d, shown)) for d in drafts]


def _hidden_cause(draft: Draft, shown: dict[str, Finding]) -> str:
    found = next((mode for mode in draft.hides if mode in shown and mode not in draft.modes), None)
    if found:
        return f"Would only hide {_plain(found)} at {shown[found].span}, which stays in the code."
    own = draft.priors.get(draft.mode, 0.0)
    rival = max(draft.hides, key=lambda mode: draft.priors.get(mode, 0.0), default=REST)
    if rival and draft.priors.get(rival, 0.0) >= max(own, NEGLIGIBLE):
        return f"Would only hide {_plain(rival)}, which is at least as likely here."
    return ""


def _plain(mode: str) -> str:
    return mode.partition("/")[2].replace("_", " ")


def _learned(drafts: list[Draft], lessons: Sequence[tuple[Cure, Claim]]) -> list[Draft]:
    """Puts each lesson of a failed attempt on the best step left."""
    if not drafts or not lessons:
        return drafts
    best = max(drafts, key=lambda draft: draft.score)
    told = tuple(dict.fromkeys(claim for _, claim in lessons))[:2]  # two lessons fit beside the reasons
    return [replace(d, claims=(*d.claims, *told)) if d is best else d for d in drafts]


def _chosen(drafts: Sequence[Draft], diagnosis: Diagnosis, limit: int) -> list[Draft | NextStep]:
    """The best drafts in order, with bounds per mode and on measurements so that the list does not repeat itself."""
    chosen: list[Draft | NextStep] = []
    count: dict[str, int] = {}
    for draft in _ordered(drafts):
        bucket = "measurement" if draft.kind == "measurement" else draft.mode
        most = MOST_MEASUREMENTS if draft.kind == "measurement" else MOST_PER_MODE
        if draft.what and count.get(bucket, 0) < most and len(chosen) < limit:
            count[bucket] = count.get(bucket, 0) + 1
            chosen.append(draft)
    return chosen


def _ordered(drafts: Sequence[Draft]) -> list[Draft]:
    """By score; a step that only hides a cause goes right below the last step that would cure that cause."""
    ranked = sorted(drafts, key=lambda draft: (-draft.score, draft.action))
    honest = [draft for draft in ranked if not draft.displaced]
    for draft in (d for d in ranked if d.displaced):
        real = [
            i for i, other in enumerate(honest) if other.kind != "measurement" and set(other.modes) & set(draft.hides)
        ]
        by_score = next((i for i, other in enumerate(honest) if other.score < draft.score), len(honest))
        honest.insert(max(by_score, real[-1] + 1 if real else 0), draft)
    return honest


def _with_contradictions(chosen: Sequence[Draft | NextStep]) -> list[NextStep]:
    drafts = [item for item in chosen if isinstance(item, Draft)]
    return [item if isinstance(item, NextStep) else _step(item, _contradictions(item, drafts)) for item in chosen]


def _contradictions(draft: Draft, others: Sequence[Draft]) -> tuple[str, ...]:
    """Said on both steps: what one raises and the other lowers."""
    opposite = {move[:-1] + ("-" if move.endswith("+") else "+"): move for move in draft.moves}
    said = []
    for other in others:
        for move in other.moves:
            if other is not draft and move in opposite:
                verb, reverse = ("raises", "lowers") if opposite[move].endswith("+") else ("lowers", "raises")
                said.append(f'{verb.capitalize()} the {move[:-1]}, which "{other.what}" {reverse}: do one, not both.')
    return tuple(said)


def _step(draft: Draft, contradictions: tuple[str, ...]) -> NextStep:
    return NextStep(
        what=draft.what,
        why=join_part(draft.claims, "why"),
        how=join_part(draft.claims, "how"),
        verify=join_part(draft.claims, "verify"),
        mode=draft.mode,
        likelihood=round(draft.likelihood, 3),
        effort=draft.effort,
        diagnostic_value=round(draft.value, 3),
        refs=references_of(draft.claims),
        patch=draft.patch,
        contradicts=contradictions,
        displaced=draft.displaced,
        kind=draft.kind,
        action=draft.action,
        claims=draft.claims,
    )


# Abstaining, healthy, last resort


def _asked(diagnosis: Diagnosis, drafts: list[Draft]) -> tuple[NextStep, ...]:
    """The measurement that would settle it, as the first step; it takes the place of the same one among the drafts."""
    missing = diagnosis.missing or ""
    modes = [h.mode for h in diagnosis.hypotheses if h.mode in MODES and h.mode != HEALTHY]
    priors = priors_of(diagnosis)
    code = code_for(missing, modes)
    drafts[:] = [d for d in drafts if d.kind != "measurement" or code not in join_part(d.claims, "how")]
    leading = modes[0] if modes else UNKNOWN
    rivals = " from ".join(_plain(mode) for mode in modes[:2]) or "one cause from another"
    why = f"{_sentence(diagnosis.reason)} " if diagnosis.reason else ""
    claims = (
        _uncited("what", f"Supply {missing}." if _is_file(missing) else f"Measure {missing}."),
        _uncited("why", f"{why}Nothing given so far tells {rivals}."),
        _uncited("how", code),
        _uncited(
            "verify", "Run misrun again on the folder with the new output: the diagnosis should no longer abstain."
        ),
    )
    told = diagnostic_value(priors, outcomes_of_measurement(priors, {leading: 0.0}))
    draft = Draft("ask", "measurement", {leading: 0.0}, claims, "new run", priors=priors)
    return (_step(draft, ()).model_copy(update={"diagnostic_value": round(told, 3)}),)


def _is_file(missing: str) -> bool:
    return bool(re.search(r"\b(log|script|metrics of the run|stderr)\b", missing))


def _uncited(part: str, text: str) -> Claim:
    """A sentence of our own: every number in it is ours."""
    return Claim.model_validate({"part": part, "text": text, "derived": numbers_in(text)})


# Signals that a healthy run may show and that deserve a look later, the most telling first.
_WORTH_WATCHING = (
    "validation_gap",
    "validation_noisy",
    "loss_spike",
    "grad_clipped_always",
    "loader_bound",
    "loss_scale_search",
)


def _watch(facts: RunFacts, diagnosis: Diagnosis) -> tuple[NextStep, ...]:
    """At most one line for a healthy run: the one signal to keep an eye on."""
    signal = next((found for name in _WORTH_WATCHING if (found := facts.signal(name)) and found.spans), None)
    if signal is None:
        return ()
    refs = tuple(cite(span) for span in signal.spans)
    name = signal.name.replace("_", " ")
    claims = (
        _uncited("what", f"Nothing to mend; watch the {name}."),
        Claim(part="why", text=signal.text, refs=refs, derived=numbers_in(signal.text)),
        _uncited("how", "Keep logging as now."),
        _uncited("verify", "It does not grow from one evaluation to the next."),
    )
    draft = Draft(f"watch:{signal.name}", "watch", {HEALTHY: 0.0}, claims, "config change", priors=priors_of(diagnosis))
    return (_step(draft, ()),)


_ASK_AT = (
    (("transformers", "trl", "accelerate", "peft"), "the Hugging Face forum or the issue tracker of {name}"),
    (("lightning", "pytorch_lightning"), "the issue tracker of PyTorch Lightning"),
    (("jax", "flax"), "the discussions of the JAX repository"),
    (("keras", "tensorflow"), "the issue tracker of {name}"),
    (("deepspeed", "megatron", "ultralytics", "timm", "sb3", "xgboost"), "the issue tracker of {name}"),
    (("torch", "pytorch"), "the PyTorch forum"),
)


def last_resort(facts: RunFacts, diagnosis: Diagnosis) -> str:
    """What to collect and whom to ask if no step works, with what this run already has and lacks."""
    filled = facts.characterization
    begun = facts.onset.when if facts.onset else None
    collect = f"the 50 logged steps up to {begun}" if begun else "the full log from its first line"
    lacking = [f.ask for f in (filled.symptom, filled.started, filled.environment) if f.origin == "missing" and f.ask]
    versions = [f"{fact.name} {fact.value}" for fact in facts.run.environment[:4]]
    parts = [
        f"If none of this helps, cut the program down to the smallest script that still fails with a fixed seed, and collect {collect}.",
        f"Still lacking: {'; '.join(lacking)}." if lacking else "",
        f"Then ask at {_whom(facts)}"
        + (f", naming {', '.join(versions)}" if versions else ", naming the versions (pip freeze)")
        + f" and what was ruled out ({_ruled_out(diagnosis)}).",
    ]
    return " ".join(part for part in parts if part)


def _whom(facts: RunFacts) -> str:
    if category_of_leader(facts) == "hardware":
        return "whoever runs the machine (with the output of dmesg and nvidia-smi -q)"
    for names, place in _ASK_AT:
        used = next((name for name in names if facts.framework(name)), None)
        if used:
            return place.format(name=used)
    return "the forum of your framework"


def category_of_leader(facts: RunFacts) -> str:
    """Whether the machine's owner is to be asked rather than a library's: the root event is one of hardware."""
    root = facts.root
    return (
        "hardware" if root and root.name in {"gpu_fault", "disk_full", "oom_killed", "time_limit", "preempted"} else ""
    )


def _ruled_out(diagnosis: Diagnosis) -> str:
    out = [_plain(h.mode) for h in diagnosis.hypotheses if h.status == "eliminated"][:3]
    return ", ".join(out) if out else "the steps above and their outcome"
