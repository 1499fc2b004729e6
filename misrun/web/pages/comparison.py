"""Two runs side by side: verdicts, settings, versions and code that differ, and their curves in one plot."""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from misrun.agents.investigation import load_report
from misrun.agents.report import Report
from misrun.agents.request import InvestigationError
from misrun.agents.verdict_words import headline
from misrun.report.html.cited import Citations, RunFiles
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.panels import Panel, Plot, training_plot
from misrun.report.html.plots import plots
from misrun.tools.signals.compare import Difference, compare
from misrun.web.shell import field, page, section, text_input, told

# Lines of one file's diff: more is read in an editor.
_MOST_LINES = 400
# Longer diffs begin folded.
_OPEN = 60
_KINDS = (("config", "Settings"), ("environment", "Environment"))


async def show(request: Request) -> Response:
    """`run` is given twice: ids of stored investigations."""
    chosen = [name for value in request.query_params.getlist("run") for name in value.split()]
    form = _form(chosen)
    if len(chosen) != 2:
        ask = element("p", "Give the ids of two investigations, or choose two in the list of investigations.")
        return page("Compare two runs", ask, form, at="/compare")
    try:
        content = await run_in_threadpool(_compared, chosen[0], chosen[1])
    except (InvestigationError, ValueError) as error:
        return page("Compare two runs", told(str(error)), form, at="/compare", status=404)
    return page("Compare two runs", form, content, at="/compare", scripts=("ui.js", "uPlot.iife.min.js", "report.js"))


def _form(chosen: Sequence[str]) -> Html:
    first, second = (*chosen, "", "")[:2]
    return element(
        "form",
        field("First", text_input("run", first, "id of an investigation", required=True)),
        field("Second", text_input("run", second, "id of an investigation", required=True)),
        element("button", "Compare", type="submit"),
        method="get",
        action="/compare",
        class_="pair",
    )


def _compared(first: str, second: str) -> Html:
    reports = load_report(first), load_report(second)
    runs = [RunFiles.of(report) for report in reports]
    for report, run in zip(reports, runs, strict=True):
        if run is None:
            raise InvestigationError(f"The run of {report.id} is no longer at {report.path}.")
    here, there = (run for run in runs if run is not None)
    found = compare(here.run, there.run)
    names = "first", "second"
    return joined(
        section("Verdicts", *(_verdict(name, report) for name, report in zip(names, reports, strict=True))),
        *(_table(title, [d for d in found if d.kind == kind]) for kind, title in _KINDS),
        section("Curves", _parted(found), plots(_overlaid(reports, here, there), Citations(None))),
        section("Code", *_code(here, there)),
    )


def _verdict(name: str, report: Report) -> Html:
    link = element("a", Path(report.path).name, href=f"/investigations/{report.id}")
    return element("p", f"{name}: ", link, " ", headline(report))


def _table(title: str, found: Sequence[Difference]) -> Html:
    if not found:
        return section(title, element("p", "Nothing that was read differs.", class_="dim"))
    head = element("tr", *(element("th", name, scope="col") for name in ("", "first", "second")))
    rows = (
        element(
            "tr",
            element("th", d.name, scope="row"),
            element("td", d.here or "not there"),
            element("td", d.there or "not there"),
        )
        for d in found
    )
    table = element("table", element("thead", head), element("tbody", *rows))
    return section(title, element("div", table, class_="wide", tabindex="0", role="group", aria_label=title))


def _code(here: RunFiles, there: RunFiles) -> list[Html]:
    """What differs between files of one name."""
    files = sorted({name for name in (*here.paths, *there.paths) if name.endswith(".py")})
    found = [diff for name in files if (diff := _diff(name, here, there)) is not None]
    return found or [element("p", "The same code.", class_="dim")]


def _diff(name: str, here: RunFiles, there: RunFiles) -> Html | None:
    old, new = (_lines(name, run) for run in (here, there))
    if old == new:
        return None
    lines = list(difflib.unified_diff(old, new, f"first/{name}", f"second/{name}", lineterm=""))
    cut = [*lines[:_MOST_LINES], f"... {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else lines
    shown = element("pre", *(_coloured(line) for line in cut), class_="diff", tabindex="0")
    added, removed = (sum(line.startswith(sign) for line in lines[2:]) for sign in "+-")
    return element(
        "details", element("summary", f"{name}: {added} lines added, {removed} removed"), shown, open=len(lines) < _OPEN
    )


def _lines(name: str, run: RunFiles) -> list[str]:
    """The lines of a file without secrets; none where the run has no such file."""
    if name not in run.paths:
        return []
    return [run.redactor.text(line) for line in run.paths[name].read_text(errors="replace").splitlines()]


def _coloured(line: str) -> Html:
    kind = {"+": "added", "-": "removed"}.get(line[:1], "")
    return element("span", f"{line}\n", class_=kind or None)


def _parted(found: Sequence[Difference]) -> Html | None:
    told_ = [
        element("li", f"{d.name} part at step {d.step:g}") for d in found if d.kind == "curve" and d.step is not None
    ]
    return element("ul", *told_) if told_ else None


def _overlaid(reports: tuple[Report, Report], here: RunFiles, there: RunFiles) -> Plot:
    first, second = (training_plot(report, files.run) for report, files in zip(reports, (here, there), strict=True))
    panels = (_both(one, other) for one, other in zip(first.panels, second.panels, strict=True))
    return Plot(first.axis, None, tuple(panels))


def _both(one: Panel, other: Panel) -> Panel:
    lines = [replace(line, label=f"first: {line.label}") for line in one.lines]
    lines += [replace(line, label=f"second: {line.label}") for line in other.lines]
    return replace(one, lines=tuple(lines), marks=(), gaps=(), notes=())
