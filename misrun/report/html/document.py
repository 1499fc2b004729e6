"""The report as one HTML file: no network, no other file, and no script but the two named by digest."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from misrun.agents.report import Report
from misrun.report import wording
from misrun.report.html.causes import code, hypotheses
from misrun.report.html.cited import Citations, Numbered, RunFiles
from misrun.report.html.head import template, timeline, verdict
from misrun.report.html.literature import literature, searched
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.next_steps import steps
from misrun.report.html.panels import training_plot
from misrun.report.html.paper import paper
from misrun.report.html.plots import plots
from misrun.report.html.source_code import numbered
from misrun.tools.record import Span

_SCRIPTS = ("vendor/uPlot.iife.min.js", "report.js")
_STYLES = ("vendor/uPlot.min.css", "report.css")


def to_html(report: Report) -> str:
    """The whole page. The run is read again for its curves and the cited lines; where it is gone, the page says so."""
    run = RunFiles.of(report)
    citations = Citations(run)
    sections = _sections(report, run, citations)
    links = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in sections]
    body = element(
        "body",
        element("a", "Skip to the report", href="#verdict", class_="skip"),
        element("header", element("h1", "misrun ", element("span", report.path, class_="dim path"))),
        element("main", verdict(report), _contents(links), *(_section(*section) for section in sections)),
        element("footer", element("p", wording.how_it_knows(report))),
        *(_raw("script", _asset(name)) for name in _SCRIPTS),
    )
    return "<!doctype html>\n" + element("html", _head(report), body, lang="en") + "\n"


def _sections(report: Report, run: RunFiles | None, citations: Citations) -> list[tuple[str, str, Html]]:
    """(id, title, content), the cited lines last: by then every citation of the others is known."""
    lost = f"The run is no longer at {report.path}: no curves and no cited lines can be shown."
    gone = element("p", lost, class_="alert")
    compared = paper(report, citations)
    found = [
        ("timeline", "What happened when", timeline(report, run.run, citations) if run else gone),
        ("plots", "Training", plots(training_plot(report, run.run), citations) if run else gone),
        ("template", "What happened", template(report, citations)),
        ("why", "Why", hypotheses(report, citations)),
        ("steps", "Next steps", steps(report, citations)),
        ("code", "Code", code(report, citations)),
        *([("paper", "Paper", compared)] if compared is not None else []),
        ("literature", "What is known", literature(report)),
        ("searched", "What was searched and read", searched(report)),
    ]
    return [*found, ("cited", "Cited lines", _cited(citations)), ("versions", "Versions", _versions(report))]


def _section(name: str, title: str, content: Html) -> Html:
    return element("section", element("h2", title), content, id=name)


def _contents(links: list[Html]) -> Html:
    return element("nav", element("ul", *links), aria_label="Contents")


def _cited(citations: Citations) -> Html:
    shown = citations.shown()
    if not shown:
        return element("p", "No cited line can be shown.")
    return joined(*(_place(number, span, lines) for number, span, lines in shown))


def _place(number: int, span: Span, lines: Numbered) -> Html:
    source = numbered(lines, span.file, range(span.first, span.last + 1))
    left = max(0, span.last - lines[-1][0]) if lines else 0
    more = element("p", f"and {left} more lines", class_="dim") if left else None
    return element("div", element("h3", str(span)), source, more, id=f"cited-{number}")


def _versions(report: Report) -> Html:
    facts = {
        "investigation": report.id,
        "started": report.created,
        **report.versions,
        "report schema": report.schema_version,
        **{f"seconds, {timing.stage}": f"{timing.seconds:.2f}" for timing in report.timings},
    }
    rows = (element("tr", element("th", name, scope="row"), element("td", fact)) for name, fact in facts.items())
    table = element("table", element("tbody", *rows), class_="versions")
    return element("div", table, class_="wide", tabindex="0", role="group", aria_label="Versions")


def _head(report: Report) -> Html:
    style = "\n".join(_asset(name) for name in _STYLES)
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="referrer", content="no-referrer"),
        element("title", f"misrun: {wording.headline(report)}"),
        _raw("style", style),
    )


def _policy(style: str) -> str:
    """Only the style and the scripts that misrun ships, each by its digest (Content Security Policy 3, 6.7.3.3)."""
    scripts = " ".join(_digest(_asset(name)) for name in _SCRIPTS)
    return f"default-src 'none'; script-src {scripts}; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _raw(name: str, content: str) -> Html:
    """A script or style of our own, whose text HTML does not unescape."""
    return Html(f"<{name}>{content}</{name}>")


@cache
def _asset(name: str) -> str:
    return files("misrun.report.html").joinpath(name).read_text(encoding="utf-8")
