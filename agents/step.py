"""NextStep: one thing to do, and the verdict the validator puts on it."""

from typing import Literal

from misrun.tools.record import Record, Span

Effort = Literal["config change", "one line", "code change", "new run", "hours"]
EFFORTS: tuple[Effort, ...] = ("config change", "one line", "code change", "new run", "hours")


class Reference(Record):
    """What a claim rests on: one place in the run (span), one knowledge entry (evidence) or one code finding."""

    kind: Literal["span", "evidence", "finding"]
    label: str
    span: Span | None = None
    evidence: str | None = None
    url: str | None = None


class Verdict(Record):
    """What speaks for a step before anyone tries it. `support` and `of` are k and n of the benchmark cases that were
    cured by this kind of step (0 of 0 when none is near); `executed` stays "not run" unless the cure was run."""

    classifier: str
    support: int = 0
    of: int = 0
    executed: Literal["cured", "improved", "not cured", "harmful", "inconclusive", "not run"] = "not run"
    citations_checked: int = 0
    citations_dropped: int = 0
    convinced: bool = True
    note: str = ""


class NextStep(Record):
    """`what` in one imperative sentence with this run's values; `why` with its reasons; `how` as an edit or a command;
    `verify` as what to see afterwards. `likelihood` (0..1) that it cures; `diagnostic_value` (0..1) is the share of the
    remaining uncertainty it removes. `displaced` names the real cause when the step only hides it."""

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
    contradicts: tuple[str, ...] = ()
    displaced: str = ""
    verdict: Verdict | None = None
