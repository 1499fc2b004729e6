"""What a paper states, with its place, and how one statement compares with the code."""

from typing import Literal

from misrun.tools.record import Record, Span

# "searched", "listed" and "variant" leave open which value is meant; "other" speaks of somebody else's work.
Standing = Literal["own", "searched", "listed", "variant", "other"]
Severity = Literal["error", "warning", "note"]
Outcome = Literal["discrepancy", "departure", "ambiguous", "verified", "not_verified", "not_in_paper"]
OUTCOMES: tuple[Outcome, ...] = ("discrepancy", "departure", "ambiguous", "verified", "not_verified", "not_in_paper")


class PaperPlace(Record):
    """A place in the paper: `line` (from 1) in text and LaTeX, `page` (from 1) in PDF; `quote` are its words, cut."""

    file: str
    section: str = ""
    line: int | None = None
    page: int | None = None
    quote: str = ""

    def __str__(self) -> str:
        where = f"page {self.page}" if self.page else f"line {self.line}"
        return f"{self.file}, {where}" + (f', "{self.section}"' if self.section else "")


class Statement(Record):
    """One thing the paper says. A quantity has `numbers` (all that would be in agreement with it), a matter of choice
    has `choice`. `unit` is "steps", "epochs", "ratio" or ""; `roles` are the parts it is said of (actor, critic);
    `label` names the variant of a table's column; `whole` says that it speaks of everything ("both networks")."""

    topic: str
    numbers: tuple[float, ...] = ()
    choice: str = ""
    unit: str = ""
    roles: tuple[str, ...] = ()
    standing: Standing = "own"
    label: str = ""
    whole: bool = False
    total: bool = False
    place: PaperPlace


class Comparison(Record):
    """One row of the result. `says` and `does` are short; `paper` is missing only where the paper says nothing, and
    `code` is empty only where nothing was found there; `reason` tells why a row is not verified or ambiguous."""

    outcome: Outcome
    topic: str
    says: str = ""
    does: str = ""
    paper: PaperPlace | None = None
    code: tuple[Span, ...] = ()
    severity: Severity = "note"
    reason: str = ""


class Alignment(Record):
    """How code compares with a paper. `notes` tell what could not be read."""

    paper: str
    title: str = ""
    comparisons: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> tuple[Comparison, ...]:
        return tuple(row for row in self.comparisons if row.outcome == outcome)
