"""How well a submission names and explains the planted bugs: scored apart from the reward for the code."""

import re

from misrun.scenarios.arena.task import Bug, Task
from misrun.tools.record import Record

# A bug may be pointed at from the statement beside it.
_NEAR = 2
_MOST_CLAIMS = 20


class Claim(Record):
    """One bug as the solver sees it: its failure mode, the line of the script it was given, and a sentence."""

    mode: str
    line: int
    text: str = ""


class Claimed(Record):
    """The solver's diagnosis, and its explanation in words."""

    diagnosis: tuple[Claim, ...] = ()
    explanation: str = ""


class Named(Record):
    """`bugs`: which planted bugs the diagnosis names (mode and place). `diagnosis`: harmonic mean of the share of bugs
    named and the share of claims that name one. `explained`, `explanation`: the bugs whose cause the words tell."""

    bugs: dict[str, bool]
    diagnosis: float
    explained: dict[str, bool]
    explanation: float


def named(task: Task, variant: int, claimed: Claimed) -> Named:
    """What the claims are worth against the planted bugs of this variant."""
    lines = task.script(variant).splitlines()
    claims = claimed.diagnosis[:_MOST_CLAIMS]
    bugs = {bug.id: any(_names(claim, bug, lines) for claim in claims) for bug in task.bugs}
    right = sum(any(_names(claim, bug, lines) for bug in task.bugs) for claim in claims)
    words = claimed.explanation + "\n" + "\n".join(claim.text for claim in claims)
    explained = {bug.id: _tells(words, bug) for bug in task.bugs}
    found = sum(bugs.values())
    return Named(
        bugs=bugs,
        diagnosis=2 * found * right / (found * len(claims) + right * len(bugs)) if found else 0.0,
        explained=explained,
        explanation=sum(explained.values()) / len(explained),
    )


def _names(claim: Claim, bug: Bug, lines: list[str]) -> bool:
    near = lines[max(0, claim.line - 1 - _NEAR) : max(0, claim.line + _NEAR)]
    return claim.mode in bug.modes and any(re.search(bug.line, line) for line in near)


def _tells(words: str, bug: Bug) -> bool:
    return all(re.search(pattern, words, re.IGNORECASE) for pattern in bug.told)
