"""What was tried already: which cures not to propose again, and what the failed attempt tells."""

import re
from collections.abc import Sequence

from misrun.agents.characterization import Characterization
from misrun.agents.cures.cure import Cure, proposed
from misrun.agents.cures.facts import RunFacts, cite
from misrun.agents.cures.quantity import ANY_NUMBER, numbers_in, parse_number
from misrun.agents.step import Claim, Reference
from misrun.tools.diagnosis.attempts import has_failed
from misrun.tools.record import Record

# A new value within this factor of the tried one is the same attempt: the search step of learning-rate searches.
SAME_FACTOR = 3.0
_MOST_CHARACTERS = 20_000  # of reported attempts; more is a pasted log


class Attempt(Record):
    """One reported attempt that did not cure, as told."""

    text: str
    refs: tuple[Reference, ...] = ()


def attempts_of(characterization: Characterization) -> tuple[Attempt, ...]:
    """The failed attempts: one per reported fact, or per clause of the field where it has no facts.

    Facts of origin "log" are runs that lie beside this one; how they ended does not make them attempts at a cure.
    """
    field = characterization.tried
    if field.facts:
        told = [fact for fact in field.facts if fact.origin != "log"]
        found = [Attempt(text=fact.value, refs=tuple(cite(span) for span in fact.spans)) for fact in told]
    else:
        clauses = re.split(r"[\n;]|\. ", (field.value or "")[:_MOST_CHARACTERS])
        refs = tuple(cite(span) for span in field.spans)
        found = [Attempt(text=clause.strip(" .\r"), refs=refs) for clause in clauses if clause.strip(" .\r")]
    return tuple(attempt for attempt in found if has_failed(attempt.text))


def attempt_at(cure: Cure, attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that was this cure, or None."""
    if not cure.tried:
        return None
    return next((attempt for attempt in attempts if re.search(cure.tried, attempt.text, re.I)), None)


def goes_further(cure: Cure, attempt: Attempt, facts: RunFacts) -> bool:
    """Whether the cure proposes a value that is clearly beyond the one that was tried."""
    new = proposed(cure, facts)
    numbers = [parse_number(token) for token in ANY_NUMBER.findall(attempt.text)]
    if new is None or new <= 0 or not numbers:
        return False
    downward = any(move.endswith("-") for move in cure.moves)
    return all(n > 0 and (new * SAME_FACTOR < n if downward else new > n * SAME_FACTOR) for n in numbers)


def lesson(cure: Cure, attempt: Attempt) -> Claim:
    """What the failure of an attempt tells, as a reason for another step."""
    told = cure.told or "that alone is not the cause"
    text = f'Already tried: "{attempt.text}". It did not cure, so {told}.'
    return Claim(part="why", text=text, refs=attempt.refs, derived=numbers_in(text))


def further(attempt: Attempt) -> Claim:
    """Why a cure is proposed again."""
    text = f'Tried already: "{attempt.text}". This goes further than that.'
    return Claim(part="why", text=text, refs=attempt.refs, derived=numbers_in(text))
