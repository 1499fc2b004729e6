"""The six panels as markup: the data for the plots, and beside each what it shows in words."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from misrun.report.html.cited import Citations
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.panels import Line, Mark, Panel, Plot
from misrun.tools.signals.wording import number


def plots(plot: Plot, citations: Citations) -> Html:
    """Each panel, the controls, and the data as a block of JSON that the page's script reads."""
    figures = (_figure(at, panel, plot, citations) for at, panel in enumerate(plot.panels))
    hint = element(
        "p",
        "Drag over a plot to zoom all of them, double-click to see everything again. With the keyboard: Tab to a plot, "
        "arrow keys move along the curve, + and − zoom, 0 shows everything, L switches the logarithmic scale.",
        class_="dim hint",
    )
    nothing = element("noscript", element("p", "The plots need JavaScript; what they show stands below each in words."))
    return joined(hint, nothing, element("div", *figures, class_="panels"), _data(plot))


def _data(plot: Plot) -> Html:
    data = {"axis": plot.axis, "onset": plot.onset, "panels": [_panel(panel) for panel in plot.panels]}
    # "<" would let a name from a log end the block (HTML Living Standard, 4.12.1.3).
    written = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="plot-data">{written}</script>')


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "table": table(panel.lines),
        "lines": [{"label": one.label, "dashed": one.dashed, "file": one.source} for one in panel.lines],
        "places": places(panel.lines),
        "marks": [mark.x for mark in panel.marks],
        "gaps": panel.gaps,
    }


def table(lines: Sequence[Line]) -> list[list[Any]]:
    """One ascending column of places, and a column of values per line: null where a value is not finite, "" where the
    line has no point. Several points of one line at one place keep rows of their own."""
    rows = _rows(lines)
    columns: list[list[Any]] = [[x for x, _ in rows]]
    at = {row: place for place, row in enumerate(rows)}
    for line in lines:
        column: list[Any] = [""] * len(rows)
        for row, value in zip(_occurrences(line.x), line.y, strict=True):
            column[at[row]] = value
        columns.append(column)
    return columns


def places(lines: Sequence[Line]) -> list[list[int]]:
    """Per line of the plot, the log line of each row of its table; 0 where there is none."""
    rows = _rows(lines)
    found = []
    for line in lines:
        by_row = dict(zip(_occurrences(line.x), line.lines, strict=True))
        found.append([by_row.get(row, 0) for row in rows] if any(line.lines) else [])
    return found


def _rows(lines: Sequence[Line]) -> list[tuple[float, int]]:
    return sorted({row for line in lines for row in _occurrences(line.x)})


def _occurrences(x: Sequence[float]) -> list[tuple[float, int]]:
    """Each place with how often it came before."""
    seen: dict[float, int] = defaultdict(int)
    found = []
    for place in x:
        found.append((place, seen[place]))
        seen[place] += 1
    return found


def _figure(at: int, panel: Panel, plot: Plot, citations: Citations) -> Html:
    if not panel.lines:
        return _empty(panel)
    controls = element("button", "log scale", type="button", class_="scale", aria_pressed="false", hidden=True)
    label = f"{panel.title} over {plot.axis}. " + "; ".join(f"{one.label}: {one.summary}" for one in panel.lines)
    canvas = element("div", class_="plot", id=f"plot-{at}", tabindex="0", role="group", aria_label=label)
    return element(
        "figure",
        element("figcaption", element("h3", panel.title), _legend(panel.lines), controls),
        canvas,
        element("p", class_="readout", aria_live="polite"),
        _words(panel, plot, citations),
        class_="panel",
    )


def _empty(panel: Panel) -> Html:
    caption = element("figcaption", element("h3", panel.title))
    notes = [element("p", note) for note in panel.notes]
    # The recorder sees no held-out data and no metric of the task.
    seen = panel.title not in ("Loss", "Task metric")
    recorded = joined(" ", element("code", "misrun.record"), " logs it.") if seen else None
    absent = element("p", element("strong", "Not logged. "), panel.missing, recorded)
    return element("figure", caption, element("div", *(notes or [absent]), class_="void"), class_="panel")


def _legend(lines: Sequence[Line]) -> Html:
    return element("span", *(_key(at, line) for at, line in enumerate(lines)), class_="legend")


def _key(at: int, line: Line) -> Html:
    """A short piece of the line as it is drawn; dashes tell evaluation from training without colour."""
    stroke = element("line", x1="0", y1="5", x2="26", y2="5", stroke_dasharray="6 4" if line.dashed else None)
    sample = element("svg", stroke, class_=f"key key-{at % 4}", width="26", height="10", aria_hidden="true")
    return element("span", sample, f" {line.label}", class_="entry")


def _words(panel: Panel, plot: Plot, citations: Citations) -> Html:
    marks = [_mark(at, mark, plot.axis, citations) for at, mark in enumerate(panel.marks, start=1)]
    rows = [element("li", f"{one.label} ({one.source}): {one.summary}") for one in panel.lines]
    rows += [element("li", note) for note in panel.notes]
    if plot.onset is not None:
        rows.append(element("li", f"onset of the failure at {plot.axis} {plot.onset:g}"))
    rows += [element("li", f"not finite from {plot.axis} {low:g} to {high:g}") for low, high in panel.gaps[:3]]
    inside = element("details", element("summary", "In words"), element("ul", *rows), class_="words")
    return joined(element("ol", *marks, class_="marks") if marks else None, inside)


def _mark(at: int, mark: Mark, axis: str, citations: Citations) -> Html:
    head = element("span", f"{at}", class_="rank small")
    where = citations.links(mark.spans, 2)
    return element("li", head, f"{axis} {number(mark.x)}: {mark.text} ", where)
