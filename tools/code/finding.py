"""What a code check reports, and what an auditor is asked and answers."""

from typing import Literal

from misrun.tools.code.flow.record import Flow
from misrun.tools.paper.record import Alignment
from misrun.tools.record import Record, Span

Severity = Literal["error", "warning", "note"]


class Finding(Record):
    """One place in the code that is (probably) wrong.

    `message` says what happens, `expected` what should; `confidence` is 0..1; `mode` names the failure mode this would
    cause; `patch` is a unified diff against the run folder that applies with `patch -p1`; `verify` is how to see it;
    `related` are other places the message speaks of (the loss of a softmax, the loop of a step).
    """

    check: str
    agent: str
    file: str
    line: int
    last_line: int
    severity: Severity
    confidence: float
    message: str
    expected: str
    mode: str
    verify: str = ""
    patch: str | None = None
    related: tuple[Span, ...] = ()

    @property
    def span(self) -> Span:
        return Span(file=self.file, first=self.line, last=self.last_line)


class Delegation(Record):
    """What the researcher hands to an auditor: the hypothesis, the exact place, and what to look for there."""

    agent: str
    mode: str
    location: Span | None
    look_for: tuple[str, ...]
    because: str


class Audit(Record):
    """What an auditor hands back. `clean` lists what it checked and found in order; a failure is only a status.

    `flows` are the ways of the data; `unresolved` are the stages on them that could not be followed, which say nothing
    for or against a fault and so are kept apart from the findings. `alignment` is the paper auditor's comparison.
    """

    agent: str
    status: Literal["done", "failed", "nothing_to_read"]
    delegations: tuple[Delegation, ...] = ()
    findings: tuple[Finding, ...] = ()
    clean: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()
    unresolved: tuple[Finding, ...] = ()
    alignment: Alignment | None = None
    files: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    reason: str = ""
