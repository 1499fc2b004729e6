"""The hypotheses with what speaks for and against each, and the code findings with their source."""

from collections.abc import Sequence

from misrun.agents.report import Report
from misrun.report import wording
from misrun.report.html.cited import Citations
from misrun.report.html.copying import copyable
from misrun.report.html.head import meter
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.source_code import diff, numbered
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.diagnosis.hypothesis import Ground, Hypothesis

# Later hypotheses hold what is left of the likelihood; they are listed without their grounds.
_MOST_HYPOTHESES = 5


def hypotheses(report: Report, citations: Citations) -> Html:
    """The likeliest first."""
    if not report.hypotheses:
        return element("p", "No hypothesis could be weighed.")
    rows = (_hypothesis(one, citations, at == 0) for at, one in enumerate(report.hypotheses[:_MOST_HYPOTHESES]))
    left = len(report.hypotheses) - _MOST_HYPOTHESES
    more = element("p", f"and {left} less likely ones", class_="dim") if left > 0 else None
    rule = element("p", f"For comparison: {report.verdict.rule}", class_="dim") if report.verdict.rule else None
    return joined(*rows, more, rule)


def _hypothesis(one: Hypothesis, citations: Citations, first: bool) -> Html:
    title = joined(wording.mode_name(one.mode), element("span", f" {one.category.replace('_', ' ')}", class_="dim"))
    status = element("span", one.status, class_="badge")
    summary = element("summary", element("span", title, class_="name"), meter(one.likelihood, "Likelihood"), status)
    grounds = element(
        "div",
        _grounds("Speaks for it", "+", one.supporting, citations),
        _grounds("Speaks against it", "−", one.opposing, citations),
        class_="grounds",
    )
    return element("details", summary, grounds, class_="card", open=first)


def _grounds(title: str, sign: str, grounds: Sequence[Ground], citations: Citations) -> Html:
    rows = [
        element("li", element("span", f"{sign} ", class_="weight"), ground.text, " ", citations.links(ground.spans, 2))
        for ground in grounds
    ]
    body = element("ul", *rows, class_="plain") if rows else element("p", "nothing that was read", class_="dim")
    return element("div", element("h3", title), body)


def code(report: Report, citations: Citations) -> Html:
    """What the auditors found, and what they found in order."""
    found = [_finding(finding, citations) for finding in report.findings]
    if not report.audits:
        return element("p", "No code was read.")
    nothing = None if found else element("p", "No fault was found in the code that was read.")
    return joined(nothing, *found, element("ul", *(_audit(audit) for audit in report.audits), class_="plain dim"))


def _finding(finding: Finding, citations: Citations) -> Html:
    place = finding.span
    head = joined(citations.link(place), element("span", f" {finding.check}", class_="name"))
    badge = element(
        "span", f"{finding.severity}, confidence {finding.confidence:.2f}", class_=f"badge {finding.severity}"
    )
    related = citations.links(finding.related)
    return element(
        "article",
        element("h3", head, " ", badge),
        element("p", finding.message),
        element("p", element("strong", "Should be: "), finding.expected) if finding.expected else None,
        _excerpt(finding, citations),
        element("p", "See also ", related) if related else None,
        copyable(diff(finding.patch), finding.patch, "Copy patch") if finding.patch else None,
        element("p", element("strong", "Verify: "), finding.verify) if finding.verify else None,
        class_="card",
    )


def _excerpt(finding: Finding, citations: Citations) -> Html | None:
    if citations.files is None or not citations.files.holds(finding.span):
        return None
    lines = citations.files.around(finding.file, finding.line, finding.last_line)
    return numbered(lines, finding.file, range(finding.line, finding.last_line + 1))


def _audit(audit: Audit) -> Html:
    clean = f"{len(audit.clean)} places verified clean" if audit.status == "done" else audit.reason
    status = audit.status.replace("_", " ")
    text = f"{audit.agent}: {status}, {audit.files} files, {len(audit.findings)} findings, {clean}"
    return element("li", text)
