"""The Report: everything one investigation found out, in one versioned record."""

from pydantic import Field

from misrun.agents.characterization import Characterization
from misrun.agents.step import NextStep
from misrun.knowledge.evidence import Evidence, SearchStep
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.readers.run_record import SkippedFile
from misrun.tools.record import Record
from misrun.tools.redact.private_names import Private
from misrun.tools.signals.signal import Signal

SCHEMA_VERSION = "1.0"


class Answer(Record):
    """The verdict of the whole report.

    `likelihood` is that of the category, `mode_likelihood` that of its leading mode. `missing` is the one measurement
    that would settle what is open: always given when `abstained`, and when the category is clear but the mode is not.
    `rule` is what the paper's simple rules say, for comparison.
    """

    category: str
    mode: str
    likelihood: float
    mode_likelihood: float
    abstained: bool
    reason: str = ""
    missing: str | None = None
    rule: str = ""


class Timing(Record):
    """Seconds one stage took, and its one-line outcome ("3 files, 412 points, 1 error")."""

    stage: str
    seconds: float
    outcome: str = ""


class Report(Record):
    """The record that every face renders and every script reads; its JSON schema is `misrun schema`.

    `complete` is false for a partial report (time-out, interrupted); `notes` then says what is missing.
    """

    schema_version: str = SCHEMA_VERSION
    id: str
    created: str
    path: str
    complete: bool = True
    verdict: Answer
    characterization: Characterization
    signals: tuple[Signal, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    search: tuple[SearchStep, ...] = ()
    search_stopped: str = ""
    audits: tuple[Audit, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[NextStep, ...] = ()
    last_resort: str = Field(default="", description="what to do if none of the steps works")
    files: tuple[str, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    redacted: dict[str, int] = Field(default={}, description="different secrets taken out, by kind")
    private: tuple[Private, ...] = Field(default=(), description="what was taken out besides secrets, as asked")
    timings: tuple[Timing, ...] = ()
    versions: dict[str, str] = {}
