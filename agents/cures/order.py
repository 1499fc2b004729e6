"""The order of the steps: by worth, with what only hides a cause below what cures it, and contradictions said."""

from collections.abc import Sequence
from dataclasses import replace

from misrun.agents.cures.draft import Draft, plain
from misrun.agents.cures.worth import REST
from misrun.agents.step import NextStep
from misrun.tools.code.finding import Finding

MOST_PER_MODE = 3  # half the list: the second hypothesis has to get its turn
MOST_MEASUREMENTS = 2  # one to confirm the first hypothesis, one for its rival
# A mode less likely than this is left out: 20 such modes would have to be wrong together.
NEGLIGIBLE = 0.05


def flag_displaced(drafts: list[Draft], findings: Sequence[Finding]) -> list[Draft]:
    """Flags every step that would hide a cause which a finding shows, or one as likely as the step's own."""
    shown = {finding.mode: finding for finding in findings}
    return [replace(d, displaced=d.displaced or _hidden_cause(d, shown)) for d in drafts]


def _hidden_cause(draft: Draft, shown: dict[str, Finding]) -> str:
    found = next((mode for mode in draft.hides if mode in shown and mode not in draft.modes), None)
    if found:
        return f"Would only hide {plain(found)} at {shown[found].span}, which stays in the code."
    own = draft.priors.get(draft.mode, 0.0)
    rival = max(draft.hides, key=lambda mode: draft.priors.get(mode, 0.0), default=REST)
    if rival and draft.priors.get(rival, 0.0) >= max(own, NEGLIGIBLE):
        return f"Would only hide {plain(rival)}, which is at least as likely here."
    return ""


def choose(drafts: Sequence[Draft], limit: int) -> list[Draft]:
    """The best drafts in order, with bounds per mode and on measurements so that the list does not repeat itself."""
    chosen: list[Draft] = []
    count: dict[str, int] = {}
    for draft in _ordered(drafts):
        if any(draft.can_be_carried_out and _does_the_same(draft, other) for other in chosen):
            continue
        bucket = "measurement" if draft.kind == "measurement" else draft.mode
        most = MOST_MEASUREMENTS if draft.kind == "measurement" else MOST_PER_MODE
        if draft.what and count.get(bucket, 0) < most and len(chosen) < limit:
            count[bucket] = count.get(bucket, 0) + 1
            chosen.append(draft)
    return chosen


def _ordered(drafts: Sequence[Draft]) -> list[Draft]:
    """By score; a step that only hides a cause goes below the last step that would cure that cause, and measurements
    below every cure that can be carried out: trying it on a copy tells as much. What was tried goes last."""
    ranked = sorted(drafts, key=lambda draft: (-draft.score, draft.action))
    ordered = _measuring_later([draft for draft in ranked if not draft.displaced])
    for draft in (d for d in ranked if d.displaced):
        causes = set(draft.hides) or set(draft.modes)
        real = [i for i, other in enumerate(ordered) if other.kind != "measurement" and set(other.modes) & causes]
        by_score = next((i for i, other in enumerate(ordered) if other.score < draft.score), len(ordered))
        ordered.insert(max(by_score, real[-1] + 1 if real else 0), draft)
    return sorted(ordered, key=lambda draft: draft.tried)


def _does_the_same(one: Draft, other: Draft) -> bool:
    return (one.patch, one.arguments) == (other.patch, other.arguments)


def _measuring_later(ranked: list[Draft]) -> list[Draft]:
    ready = [i for i, d in enumerate(ranked) if d.can_be_carried_out and d.likelihood >= NEGLIGIBLE]
    end = ready[-1] + 1 if ready else 0
    early = [d for d in ranked[:end] if d.kind == "measurement"]
    return [*(d for d in ranked[:end] if d.kind != "measurement"), *early, *ranked[end:]]


def to_steps(drafts: Sequence[Draft]) -> list[NextStep]:
    """The steps in the given order, each with what contradicts it among the others."""
    return [draft.step(_contradictions(draft, drafts)) for draft in drafts]


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
