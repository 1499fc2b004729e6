"""NextStep: one thing to do, and the verdict the validator puts on it."""

from typing import Literal

from misrun.tools.code.setting_change import SettingChange
from misrun.tools.record import Record, Span

Effort = Literal["config change", "one line", "code change", "new run", "hours"]
Part = Literal["what", "why", "how", "verify"]
StepKind = Literal["cure", "measurement", "code fix", "reported fix", "watch"]


class Reference(Record):
    """What a claim rests on: one place in the run (span), one knowledge entry (evidence) or one code finding."""

    kind: Literal["span", "evidence", "finding"]
    label: str
    span: Span | None = None
    evidence: str | None = None
    url: str | None = None


class Claim(Record):
    """One sentence (or one code block) of a step with what it rests on, so that it can be checked and dropped alone.

    `derived` lists the numbers of `text`, as written, that were computed from quoted ones or are stated rules; every
    other number is a quotation and has to occur where `refs` point.
    """

    part: Part
    text: str
    refs: tuple[Reference, ...] = ()
    derived: tuple[str, ...] = ()


class Verdict(Record):
    """What speaks for a step before anyone tries it. `support` and `of` are k and n of the benchmark's runs like this
    one that were cured by this kind of step (0 of 0 when none is near), `worked` and `failed` their names; `executed`
    stays "not run" unless the cure was run, and `measured` says what was seen then."""

    classifier: str
    support: int = 0
    of: int = 0
    worked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    executed: Literal["cured", "improved", "not cured", "harmful", "inconclusive", "not run"] = "not run"
    measured: str = ""
    citations_checked: int = 0
    citations_dropped: int = 0
    convinced: bool = True
    note: str = ""


class NextStep(Record):
    """`what` in one imperative sentence with this run's values; `why` with its reasons; `how` as an edit or a command;
    `verify` as what to see afterwards. `likelihood` (0..1) that it cures; `diagnostic_value` (0..1) is the uncertainty
    over the hypotheses it is expected to remove, as a share of the largest possible one. `displaced` names the real
    cause when the step only hides it. `claims` are the sentences that the four texts are joined from; `action` is the
    id of the cure or check behind the step. `changes` are the settings it changes; `patch` (for `patch -p1` in the run
    folder) and `arguments` (to add to the command) are how it is done, where that can be written down."""

    what: str
    why: str
    how: str
    verify: str
    mode: str
    likelihood: float
    effort: Effort
    diagnostic_value: float
    refs: tuple[Reference, ...] = ()
    patch: str | None = None
    arguments: tuple[str, ...] = ()
    changes: tuple[SettingChange, ...] = ()
    contradicts: tuple[str, ...] = ()
    displaced: str = ""
    verdict: Verdict | None = None
    kind: StepKind = "cure"
    action: str = ""
    claims: tuple[Claim, ...] = ()


def join_part(claims: tuple[Claim, ...], part: Part) -> str:
    """The text of one part: its claims in order, sentences on one line and code blocks on lines of their own."""
    texts = [claim.text for claim in claims if claim.part == part]
    separator = "\n" if part == "how" else " "
    return separator.join(texts)


def references_of(claims: tuple[Claim, ...]) -> tuple[Reference, ...]:
    """Every distinct reference of the claims, in order of first use."""
    return tuple(dict.fromkeys(reference for claim in claims for reference in claim.refs))
