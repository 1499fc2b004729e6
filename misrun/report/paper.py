"""How code compares with its paper, in the words of all faces."""

from misrun.agents.report import Report
from misrun.tools.paper.record import OUTCOMES, Alignment, Comparison, Outcome
from misrun.tools.visible_text import visible

TITLES: dict[Outcome, str] = {
    "discrepancy": "Discrepancies",
    "departure": "Deliberate departures",
    "ambiguous": "Ambiguous",
    "verified": "Verified",
    "not_verified": "Not verified",
    "not_in_paper": "Set in the code, not in the paper",
}


def alignments(report: Report) -> tuple[Alignment, ...]:
    """The comparisons in a report; at most one today."""
    return tuple(audit.alignment for audit in report.audits if audit.alignment is not None)


def groups(alignment: Alignment) -> list[tuple[str, tuple[Comparison, ...]]]:
    """(title, rows) of every outcome that occurs, what matters most first."""
    return [(TITLES[outcome], rows) for outcome in OUTCOMES if (rows := alignment.of(outcome))]


def counted(alignment: Alignment) -> str:
    """ "1 discrepancy, 12 verified, 2 not verified"."""
    numbers = ((len(alignment.of(outcome)), outcome.replace("_", " ")) for outcome in OUTCOMES)
    return (
        ", ".join(f"{count} {name}" for count, name in numbers if count) or "the paper states nothing that is compared"
    )


def paper_says(row: Comparison) -> str:
    """What the paper says, with its place; empty where it says nothing."""
    return visible(f"{row.says} ({row.paper})") if row.paper is not None else ""


def code_does(row: Comparison) -> str:
    """What the code does, without its places; empty where nothing was found."""
    return visible(row.does)


def sentence(row: Comparison) -> str:
    """The whole row on one line, without the places in the code."""
    says, does, reason = paper_says(row), code_does(row), visible(row.reason)
    parts = (f"the paper says {says}" if says else "", f"the code does {does}" if does else "", reason)
    return "; ".join(part for part in parts if part)
