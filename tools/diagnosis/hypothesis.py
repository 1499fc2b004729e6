"""A possible cause with what speaks for and against it."""

from typing import Literal

from pydantic import Field

from misrun.tools.record import Record, Span

Status = Literal["open", "supported", "eliminated"]


class Ground(Record):
    """One reason for or against a hypothesis (signal, finding, reported attempt), with its weight in log-odds."""

    source: str
    text: str
    weight: float
    spans: tuple[Span, ...] = ()


class Hypothesis(Record):
    """One failure mode and how likely it is (0..1; the likelihoods of one diagnosis add up to at most 1)."""

    mode: str
    category: str
    likelihood: float
    supporting: tuple[Ground, ...] = Field(default=(), alias="for")
    opposing: tuple[Ground, ...] = Field(default=(), alias="against")
    status: Status = "open"


class Diagnosis(Record):
    """The ranked hypotheses and whether the first one may be told as an answer.

    When `abstained`, `missing` names the one measurement that would settle it and `reason` why it is needed.
    """

    category: str
    mode: str
    likelihood: float
    abstained: bool
    reason: str = ""
    missing: str | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
