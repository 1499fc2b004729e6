"""Ranks the failure modes by the weight of evidence from all signals, code findings and reported attempts.

Each mode collects log-odds from its clues; a soft-max over the modes and a fixed "something else" gives likelihoods,
so that weak evidence for anything leaves most of the mass with "unknown". The answer is given only when the category is
likely enough (fusion.py); what would settle the matter is named otherwise.
"""

from collections import defaultdict
from collections.abc import Mapping

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.attempts import failed_attempts
from misrun.tools.diagnosis.clues.registry import CLUES
from misrun.tools.diagnosis.explains import EXPLAINS, FOLLOWS_FROM, POOR_LEARNING, STRIKES_LATE
from misrun.tools.diagnosis.facts import ERROR, Facts, is_read_off_series
from misrun.tools.diagnosis.fusion import ABSTAIN_BELOW, Fusion, by_category, footing_of, shipped
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground, Hypothesis, Status
from misrun.tools.diagnosis.missing import missing_measurement
from misrun.tools.diagnosis.taxonomy import HEALTHY, UNKNOWN, category_of
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS
from misrun.tools.signals.signal import Signal

# A finding of full confidence that can cause what was seen counts as much as "nearly always this mode".
FINDING_WEIGHT = 4.0
# Without a symptom that it explains a finding is a suspicion, worth telling from about 0.9 confidence on (0.62).
SUSPICION_WEIGHT = 2.6
# A fault that strikes late is told before it strikes where a check is at least this sure: a check of less confidence
# stands for a way of writing that often does no harm (a judgement).
FORECAST_FROM = 0.75
_FORECAST = " Forecast: the run was still going when its log ended, and this strikes late."
# How much of a symptom a certain finding explains away for the other modes.
EXPLAINED_AWAY = 0.7
# An error that only follows from the root still counts a little, in case the root was told wrongly.
NOT_ROOT = 0.3
# Slow progress up to a tenth or a third of the plan may be the usual start of a slow task (a judgement).
BARELY_BEGUN = 0.5
# The hypotheses that a report shows first; the category is judged by these, as far as they have a fifth of the first's
# likelihood: one that is less likely than that is no rival (a judgement).
RIVALS, RIVAL_SHARE = 3, 0.2
# Hypotheses below one in fifty are not worth a line.
SHOW_FROM = 0.02


_SPEAKS_FOR = {(clue.mode, clue.signal) for clue in CLUES if clue.weight > 0}


def diagnose(facts: Facts, fusion: Fusion | None = None) -> Diagnosis:
    """The ranked hypotheses of one run, and whether the first may be told as an answer.

    `fusion` says from which likelihood on that is and how the likelihood is shown; without one, what comes with misrun.
    """
    fusion = fusion or shipped()
    grounds = grounds_of(facts)
    likelihoods = fusion.likelihoods(grounds)
    category, likelihood = leading_category(likelihoods)
    told_from = fusion.told_from(footing_of(facts))
    reason = _why_abstain(likelihood, likelihoods, told_from) or _one_symptom(facts, _hypotheses(grounds, likelihoods))
    if reason:
        return _abstained(facts, _hypotheses(grounds, likelihoods), likelihood, reason)
    calibrated = fusion.calibrated(likelihoods, category, footing_of(facts))
    return _told(facts, _hypotheses(grounds, calibrated), category, by_category(calibrated)[category])


def leading_category(likelihoods: Mapping[str, float]) -> tuple[str, float]:
    """The category whose modes have the largest summed likelihood, with that; ("unknown", 0) when there are none."""
    found = by_category(likelihoods)
    category = max(found, key=lambda c: found[c], default="unknown")
    return category, found.get(category, 0.0)


def may_be_told(facts: Facts, fusion: Fusion) -> tuple[str, float] | None:
    """The leading category and its likelihood before calibration; None where one symptom alone keeps it from being told."""
    grounds = grounds_of(facts)
    likelihoods = fusion.likelihoods(grounds)
    return None if _one_symptom(facts, _hypotheses(grounds, likelihoods)) else leading_category(likelihoods)


def grounds_of(facts: Facts) -> dict[str, list[Ground]]:
    """What speaks for and against every mode for which anything speaks at all, in log-odds as the clues have them."""
    grounds: dict[str, list[Ground]] = defaultdict(list)
    for mode, ground in (*_from_signals(facts), *_from_findings(facts)):
        grounds[mode].append(ground)
    for mode, against in failed_attempts(facts.tried, facts.findings).items():
        grounds[mode].extend(against)
    return {mode: found for mode, found in grounds.items() if any(g.weight > 0 for g in found)}


def _from_signals(facts: Facts) -> list[tuple[str, Ground]]:
    """One ground per mode and group: the strongest clue of each group counts, the rest would count one fact twice."""
    best: dict[tuple[str, str], Ground] = {}
    for clue in CLUES:
        signal = facts.signal(clue.signal)
        if signal is None or (clue.when is not None and not clue.when(facts)):
            continue
        share = _root_share(facts, signal) * _unexplained(facts, signal, clue.mode, clue.weight)
        weight = clue.weight * signal.strength * share
        key = (clue.mode, f"{clue.group}{'+' if weight > 0 else '-'}")
        if key not in best or abs(weight) > abs(best[key].weight):
            best[key] = Ground(source=signal.name, text=signal.text, weight=round(weight, 3), spans=signal.spans)
    return [(mode, ground) for (mode, _), ground in best.items()]


def _root_share(facts: Facts, signal: Signal) -> float:
    """1 for the root error; NOT_ROOT for errors beside it, and for slow learning in a run that was cut off by it; less
    than 1 for slow learning in a run that stopped before half of its plan."""
    if facts.root is None:
        return BARELY_BEGUN if signal.name in POOR_LEARNING and _stopped_before_half(facts) else 1.0
    if not signal.name.startswith(ERROR):
        return NOT_ROOT if signal.name in POOR_LEARNING else 1.0
    name = signal.name.removeprefix(ERROR)
    kind = SIGNATURE_MEANINGS.get(name, ("error", ""))[0]
    return 1.0 if kind in {"warning", "notice"} or name == facts.root.name else NOT_ROOT


def _stopped_before_half(facts: Facts) -> bool:
    ending = facts.run.ending
    return ending.status == "unfinished" and (ending.last_step or 0.0) < 0.5 * (ending.planned_steps or 0.0)


def _unexplained(facts: Facts, signal: Signal, mode: str, weight: float) -> float:
    """The share of a symptom that neither a finding nor a more basic fact explains. A mode that is itself the
    explanation, or for which the more basic fact speaks too, keeps the symptom whole."""
    explaining = [f for f in facts.findings if signal.name in EXPLAINS.get(f.mode, ())]
    basic = {name for name in FOLLOWS_FROM.get(signal.name, ()) if facts.has(name)}
    if weight < 0 or any(f.mode == mode for f in explaining):
        return 1.0
    certain = max((f.confidence for f in explaining), default=0.0)
    if basic and not any((mode, name) in _SPEAKS_FOR for name in basic):
        certain = 1.0
    return 1.0 - EXPLAINED_AWAY * certain


def _from_findings(facts: Facts) -> list[tuple[str, Ground]]:
    """The most confident finding of each mode, for that mode and against "healthy"."""
    best: dict[str, Finding] = {}
    for finding in facts.findings:
        if finding.mode not in best or finding.confidence > best[finding.mode].confidence:
            best[finding.mode] = finding
    grounds = []
    for mode, finding in best.items():
        text = f"{finding.file}:{finding.line}: {finding.message}{_FORECAST if _may_yet_come(facts, finding) else ''}"
        weight = round(_finding_weight(facts, finding), 3)
        grounds.append((mode, Ground(source=finding.check, text=text, weight=weight, spans=(finding.span,))))
        grounds.append((HEALTHY, Ground(source=finding.check, text=text, weight=-weight, spans=(finding.span,))))
    return grounds


def _finding_weight(facts: Facts, finding: Finding) -> float:
    """Full where the finding explains a symptom of this run (the root error itself, after a crash), and where its
    symptom may yet come; else a suspicion that grows from nothing at even odds."""
    explained = EXPLAINS.get(finding.mode, frozenset())
    root = f"{ERROR}{facts.root.name}" if facts.root is not None else ""
    if root in explained or (not root and facts.has(*explained)):
        return FINDING_WEIGHT * finding.confidence
    if _may_yet_come(facts, finding):
        return FINDING_WEIGHT * finding.confidence
    suspicion = SUSPICION_WEIGHT * max(0.0, 2 * finding.confidence - 1)
    # A fault of memory that has not run out has done nothing to this run yet.
    harmless = category_of(finding.mode) == "memory_hardware"
    return suspicion * NOT_ROOT if root or harmless else suspicion


def _may_yet_come(facts: Facts, finding: Finding) -> bool:
    """Whether the run is still going and the fault, which the code shows, is one that strikes late: that its symptom is
    not there yet says nothing, nor does a loss that falls."""
    certain = finding.confidence >= FORECAST_FROM
    return (
        certain
        and facts.still_going
        and finding.mode in STRIKES_LATE
        and not facts.has(*EXPLAINS.get(finding.mode, ()))
    )


def _score(grounds: list[Ground]) -> float:
    return sum(ground.weight for ground in grounds)


def _hypotheses(grounds: Mapping[str, list[Ground]], likelihoods: Mapping[str, float]) -> tuple[Hypothesis, ...]:
    ranked = sorted(likelihoods, key=lambda mode: (-likelihoods[mode], mode))
    return tuple(_hypothesis(m, likelihoods[m], grounds[m]) for m in ranked if likelihoods[m] >= SHOW_FROM)


def _hypothesis(mode: str, likelihood: float, grounds: list[Ground]) -> Hypothesis:
    ordered = sorted(_told_once(grounds), key=lambda g: -abs(g.weight))
    supporting = tuple(g for g in ordered if g.weight > 0)
    opposing = tuple(g for g in ordered if g.weight < 0)
    status: Status = "supported" if likelihood >= ABSTAIN_BELOW else "eliminated" if _score(grounds) < 0 else "open"
    return Hypothesis(
        mode=mode,
        category=category_of(mode),
        likelihood=round(likelihood, 4),
        supporting=supporting,
        opposing=opposing,
        status=status,
    )


def _told_once(grounds: list[Ground]) -> list[Ground]:
    """Grounds of one sentence as one: what a sentence says in two respects is still read once."""
    merged: dict[tuple[str, bool], Ground] = {}
    for ground in grounds:
        key = (ground.text, ground.weight > 0)
        before = merged.get(key)
        weight = round(ground.weight + (before.weight if before else 0.0), 3)
        merged[key] = (before or ground).model_copy(update={"weight": weight})
    return list(merged.values())


def _abstained(facts: Facts, hypotheses: tuple[Hypothesis, ...], likelihood: float, reason: str) -> Diagnosis:
    missing = missing_measurement(facts, hypotheses)
    return Diagnosis(category="unknown", mode=UNKNOWN, likelihood=round(1 - likelihood, 4), abstained=True,
                     reason=reason, missing=missing, hypotheses=hypotheses)  # fmt: skip


def _told(facts: Facts, hypotheses: tuple[Hypothesis, ...], category: str, likelihood: float) -> Diagnosis:
    leading = next(h for h in hypotheses if h.category == category)
    open_mode = leading.likelihood < ABSTAIN_BELOW
    return Diagnosis(
        category=category,
        mode=leading.mode,
        likelihood=round(likelihood, 4),
        abstained=False,
        reason=_left_open(facts, leading),
        missing=missing_measurement(facts, hypotheses) if open_mode else None,
        hypotheses=hypotheses,
    )


def _left_open(facts: Facts, leading: Hypothesis) -> str:
    """What an answer that is told does not settle; empty when nothing."""
    if leading.likelihood < ABSTAIN_BELOW:
        return f"the category is clear, the mode is not ({leading.likelihood:.2f})"
    if leading.mode == HEALTHY and facts.still_going:
        return "healthy so far: nothing says that the run has come to its end"
    return ""


def _one_symptom(facts: Facts, hypotheses: tuple[Hypothesis, ...]) -> str:
    """Why a category must not be told although it is likely enough: the leading causes, of several categories, all rest
    on the same one measured symptom, and there is no code that could tell them apart. Nothing then separates them but
    how often each occurs."""
    leading = [h for h in hypotheses if h.mode != HEALTHY][:RIVALS]
    leading = [h for h in leading if h.likelihood >= RIVAL_SHARE * leading[0].likelihood]
    sources = {ground.source for h in leading for ground in h.supporting}
    if facts.run.code or facts.root is not None or len(sources) != 1 or leading[0].likelihood >= ABSTAIN_BELOW:
        return ""
    symptom = sources.pop()
    if not is_read_off_series(symptom) or len({h.category for h in leading}) < 2:
        return ""
    return f"all that is known is one symptom ({symptom}), and causes of several kinds bring it about"


def _why_abstain(likelihood: float, likelihoods: Mapping[str, float], told_from: float) -> str:
    """Empty when the answer may be told; else the reason in words."""
    if likelihood >= told_from:
        return ""
    strong = [c for c, share in by_category(likelihoods).items() if share >= told_from / 2]
    if len(strong) > 1:
        return f"the signals conflict: {' and '.join(sorted(strong))} explain them about equally well"
    if not likelihoods:
        return "nothing that was read speaks for any failure mode"
    return f"the best explanation reaches only {likelihood:.2f}, below the {told_from:.2f} needed to tell it"
