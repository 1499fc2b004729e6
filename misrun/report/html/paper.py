"""How the code compares with its paper: one table for each outcome, what matters most first and open."""

from misrun.agents.report import Report
from misrun.report import paper as words
from misrun.report.html.cited import Citations
from misrun.report.html.markup import Html, element, joined
from misrun.tools.paper.record import Comparison

_OPEN = ("Discrepancies", "Deliberate departures", "Ambiguous")
_HEADS = ("What", "The paper says", "The code does", "Where")


def paper(report: Report, citations: Citations) -> Html | None:
    """None where no paper was given."""
    found = [
        joined(
            element("p", element("strong", alignment.paper), f": {words.counted(alignment)}"),
            *(_group(title, rows, citations) for title, rows in words.groups(alignment)),
        )
        for alignment in words.alignments(report)
    ]
    return joined(*found) if found else None


def _group(title: str, rows: tuple[Comparison, ...], citations: Citations) -> Html:
    heads = element("tr", *(element("th", name, scope="col") for name in _HEADS))
    body = element("tbody", *(_row(row, citations) for row in rows))
    table = element("table", element("thead", heads), body)
    wide = element("div", table, class_="wide", tabindex="0", role="group", aria_label=title)
    summary = element("summary", f"{title}: {len(rows)}")
    return element("details", summary, wide, class_="card", open=title in _OPEN)


def _row(row: Comparison, citations: Citations) -> Html:
    reason = element("p", row.reason, class_="dim") if row.reason else None
    badge = element("span", row.severity, class_=f"badge {row.severity}") if row.outcome == "discrepancy" else None
    return element(
        "tr",
        element("th", row.topic.replace("_", " "), " ", badge, scope="row"),
        element("td", words.paper_says(row) or "nothing"),
        element("td", words.code_does(row) or "nothing found", reason),
        element("td", citations.links(row.code) or "no place"),
    )
