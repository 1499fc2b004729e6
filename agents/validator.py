"""The validator: checks every citation of every step by machine, says in how many runs of the benchmark that kind of
step worked, and sends the search out again if it is not convinced.

A claim stands only if each place it cites exists and each number it quotes is there. Claims that fall are taken out of
the step's text; a step that loses its sentence, its edit or all its cited reasons is dropped whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

from misrun.agents.cures.outcomes import Case, Support, by_nearness, features_of, others, recorded_cases, support_for
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.registry import CURES
from misrun.agents.quotation import Quotations
from misrun.agents.step import Claim, NextStep, Reference, Verdict, join_part, references_of
from misrun.knowledge.evidence import Evidence
from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.signal import Signal

# A cause this likely is acted on, so it should not stand without a source of the world.
LIKELY = 0.5
MOST_WANTED = 2  # modes of one more round of literature: the leading one and its rival


class Validation(NamedTuple):
    """The steps that stand, whether they convince, and the modes another literature round should look for."""

    steps: tuple[NextStep, ...]
    convinced: bool
    wanted: tuple[str, ...]
    summary: str


def validate(
    steps: Sequence[NextStep],
    run: RunRecord,
    evidence: Sequence[Evidence],
    findings: Sequence[Finding],
    diagnosis: Diagnosis,
    signals: Sequence[Signal] = (),
    cases: Sequence[Case] | None = None,
) -> Validation:
    """Checks each step against the run's files, the retrieved evidence, the findings and the diagnosis, and looks up
    what came of its kind in `cases` (default: the stored table) that are like this run."""
    checker = _Checker(run, steps, evidence, findings)
    judged = [_judge(step, checker, diagnosis) for step in steps]
    standing = [step for step in judged if step is not None]
    kept = _supported(standing, Facts(run, signals), recorded_cases() if cases is None else cases)
    wanted = _wanted(kept, len(steps), diagnosis)
    return Validation(kept, not wanted, wanted, _summary(steps, kept))


class _Checker:
    """Decides about single claims; every cited line is read once, beforehand."""

    def __init__(
        self, run: RunRecord, steps: Sequence[NextStep], evidence: Sequence[Evidence], findings: Sequence[Finding]
    ) -> None:
        refs = [ref for step in steps for claim in step.claims for ref in claim.refs]
        spans = [ref.span for ref in refs if ref.span is not None]
        self.quotations = Quotations(run, [*spans, *(finding.span for finding in findings)])
        self.evidence = {entry.id: entry for entry in evidence}
        self.findings = tuple(findings)

    def stands(self, claim: Claim, modes: frozenset[str]) -> bool:
        """Whether every citation of the claim exists and every number it quotes occurs in one of them."""
        if not all(self._exists(ref, modes) for ref in claim.refs):
            return False
        text = claim.text
        for ref in claim.refs:
            text = text.replace(str(ref.span), "") if ref.span else text
        quoted = [number for number in numbers_in(text) if number not in claim.derived]
        return all(any(self._holds(ref, number, claim.text) for ref in claim.refs) for number in quoted)

    def _exists(self, ref: Reference, modes: frozenset[str]) -> bool:
        if ref.kind == "evidence":
            entry = self.evidence.get(ref.evidence or "")
            return entry is not None and bool(modes & set(entry.modes))
        if ref.span is None or not self.quotations.exists(ref.span):
            return False
        return ref.kind == "span" or self._finding(ref) is not None

    def _finding(self, ref: Reference) -> Finding | None:
        return next((f for f in self.findings if f.span == ref.span and f.check in ref.label), None)

    def _holds(self, ref: Reference, number: str, text: str) -> bool:
        if ref.kind == "evidence":
            entry = self.evidence[ref.evidence or ""]
            words = " ".join((entry.title, entry.url, entry.problem, entry.cause, entry.fix, entry.verify, entry.why))
            return self.quotations.in_text(number, words)
        finding = self._finding(ref) if ref.kind == "finding" else None
        if finding and self.quotations.in_text(number, f"{finding.message} {finding.expected} {finding.verify}"):
            return True
        return ref.span is not None and self.quotations.holds(ref.span, number, text)


def _modes_of(step: NextStep) -> frozenset[str]:
    """The modes the step is about: its own, and those of the cure behind it."""
    cure = next((cure for cure in CURES if cure.id == step.action), None)
    return frozenset({step.mode, *(cure.modes if cure else ())})


def _judge(step: NextStep, checker: _Checker, diagnosis: Diagnosis) -> NextStep | None:
    """The step with its verdict and without the claims that fell; None where it lost its core."""
    modes = _modes_of(step)
    standing = tuple(claim for claim in step.claims if checker.stands(claim, modes))
    fallen = [claim for claim in step.claims if claim not in standing]
    if not step.claims or _lost_core(step.claims, standing):
        return None
    supported, classifier = _classifier(step.mode, diagnosis)
    settled_by = MODES[step.mode].settled_by if step.mode in MODES else "the symptom again"
    verify = join_part(standing, "verify") or f"Measure {settled_by}."
    verdict = Verdict(
        classifier=classifier,
        citations_checked=sum(len(claim.refs) for claim in step.claims),
        citations_dropped=sum(len(claim.refs) for claim in fallen),
        convinced=supported and not fallen,
        note=f"{len(fallen)} statements dropped: their citation did not check out" if fallen else "",
    )
    parts = {part: join_part(standing, part) for part in ("what", "why", "how")}
    changed = {**parts, "verify": verify, "claims": standing, "refs": references_of(standing), "verdict": verdict}
    return step.model_copy(update=changed)


def _supported(steps: Sequence[NextStep], facts: Facts, cases: Sequence[Case]) -> tuple[NextStep, ...]:
    """Each step with k of n of the benchmark's runs like this one in which its kind worked."""
    known = {action for case in cases for action in case.outcomes}
    if not any(step.action in known for step in steps):
        return tuple(steps)
    nearest = by_nearness(others(cases, facts.run), features_of(facts))
    return tuple(_with_support(step, support_for(step.action, step.mode, nearest)) for step in steps)


def _with_support(step: NextStep, found: Support) -> NextStep:
    if step.verdict is None or not found.of:
        return step
    update = {"support": len(found.worked), "of": found.of, "worked": found.worked, "failed": found.failed}
    return step.model_copy(update={"verdict": step.verdict.model_copy(update=update)})


def _lost_core(claims: tuple[Claim, ...], standing: tuple[Claim, ...]) -> bool:
    """Whether the sentence or the edit is gone, or all of several cited reasons are."""
    gone = any(not join_part(standing, part) for part in ("what", "how"))
    cited = [claim for claim in claims if claim.part == "why" and claim.refs]
    return gone or (bool(cited) and not any(claim in standing for claim in cited))


def _classifier(mode: str, diagnosis: Diagnosis) -> tuple[bool, str]:
    """Whether the diagnosis supports the mode, in words."""
    if mode == HEALTHY == diagnosis.mode:
        return True, "the run is healthy"
    if mode == UNKNOWN == diagnosis.mode:
        return True, "asked for because the diagnosis is open"
    rank = next((i for i, h in enumerate(diagnosis.hypotheses, 1) if h.mode == mode), None)
    if rank is None:
        return False, f"{mode} is not among the hypotheses"
    hypothesis = diagnosis.hypotheses[rank - 1]
    place = f"{mode}: likelihood {min(hypothesis.likelihood, 0.99):.2f}, rank {rank} of {len(diagnosis.hypotheses)}"
    if hypothesis.status == "eliminated":
        return False, f"{place}, eliminated"
    return True, place


def _wanted(kept: Sequence[NextStep], proposed: int, diagnosis: Diagnosis) -> tuple[str, ...]:
    """Modes to search for again: when no step is left, or the first cure for a likely cause has no source."""
    if diagnosis.mode == HEALTHY or diagnosis.abstained:
        return ()
    leading = tuple(h.mode for h in diagnosis.hypotheses if h.status != "eliminated" and h.mode != HEALTHY)[
        :MOST_WANTED
    ]
    top = next((step for step in kept if step.kind != "measurement"), None)
    if top is None:
        return leading if proposed or leading else ()
    unsupported = not any(ref.kind == "evidence" for ref in top.refs)
    if unsupported and diagnosis.likelihood >= LIKELY:
        return tuple(dict.fromkeys((top.mode, *leading)))[:MOST_WANTED]
    return ()


def _summary(steps: Sequence[NextStep], kept: Sequence[NextStep]) -> str:
    checked = sum(len(claim.refs) for step in steps for claim in step.claims)
    held = sum(len(claim.refs) for step in kept for claim in step.claims)
    dropped = f", {checked - held} dropped" if held < checked else ""
    return f"{len(kept)} of {len(steps)} steps stand; {checked} citations checked{dropped}"
