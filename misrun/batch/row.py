"""One run of a batch: what came out, or why nothing did."""

import re
from pathlib import Path

from misrun.agents.report import Report
from misrun.agents.verdict_words import headline
from misrun.tools.record import Record

_DIGITS = re.compile(r"0x[0-9a-f]+|\d[\d.,:]*", re.IGNORECASE)
# Of a message: enough to tell two failures of one kind apart.
_LONGEST = 120


class BatchRow(Record):
    """`run` is relative to the batch's directory. `like` is what runs of one group share. `error` is why a run could
    not be investigated; its other fields are then empty."""

    run: str
    id: str = ""
    category: str = ""
    mode: str = ""
    likelihood: float = 0.0
    abstained: bool = False
    headline: str = ""
    like: str = ""
    step: str = ""
    seconds: float = 0.0
    error: str = ""

    @property
    def outcome(self) -> str:
        """The word a group begins with: the mode, "undetermined", or "not investigated"."""
        if self.error:
            return "not investigated"
        return "undetermined" if self.abstained else self.mode


def row_of(run: str, report: Report, seconds: float) -> BatchRow:
    verdict = report.verdict
    return BatchRow(
        run=run,
        id=report.id,
        category=verdict.category,
        mode=verdict.mode,
        likelihood=round(verdict.mode_likelihood, 4),
        abstained=verdict.abstained,
        headline=headline(report),
        like=_like(report),
        step=report.steps[0].what if report.steps else "",
        seconds=round(seconds, 2),
    )


def _like(report: Report) -> str:
    """What tells the failure: the place in the code that is to blame, else the strongest ground without its numbers."""
    verdict = report.verdict
    if verdict.category == "healthy" or verdict.abstained:
        return ""
    blamed = [f for f in report.findings if f.mode == verdict.mode]
    if blamed:
        first = max(blamed, key=lambda finding: finding.confidence)
        return f"{first.check} at {Path(first.file).name}:{first.line}"
    grounds = [g for h in report.hypotheses if h.mode == verdict.mode for g in h.supporting]
    strongest = max(grounds, key=lambda ground: ground.weight, default=None)
    return "" if strongest is None else _DIGITS.sub("#", " ".join(strongest.text.split()))[:_LONGEST]
