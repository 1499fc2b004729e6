"""What is known: the entries by level, what they agree on and where they point elsewhere; and what was searched."""

from collections.abc import Sequence

from misrun.agents.report import Report
from misrun.knowledge.evidence import Evidence
from misrun.report import wording
from misrun.report.html.markup import Html, element, joined
from misrun.tools.signals.wording import plural

# What each level asks (knowledge/levels.py).
_LEVELS = {
    1: "the symptom, in this framework and model type",
    2: "the technique with the failure, in any framework",
    3: "the phenomenon, in any domain",
    4: "the same pattern in other fields",
}
# Entries shown unfolded: the best ones (a judgement).
_OPEN = 3


def literature(report: Report) -> Html:
    """The entries, level by level."""
    if not report.evidence:
        return element("p", f"Nothing applicable was found. Searched {wording.search_summary(report)}")
    numbered = list(enumerate(report.evidence, start=1))
    groups = ([(n, e) for n, e in numbered if e.level == level] for level in _LEVELS)
    levels = (_level(level, group, report) for level, group in zip(_LEVELS, groups, strict=True) if group)
    return joined(*levels, _beyond([(n, e) for n, e in numbered if e.origin != "shipped"]))


def _beyond(entries: Sequence[tuple[int, Evidence]]) -> Html | None:
    """What nobody here has read, in the source's own words."""
    if not entries:
        return None
    rows = (_quoted(number, entry) for number, entry in entries)
    return joined(element("h3", wording.UNREAD), element("ul", *rows, class_="plain"))


def _quoted(number: int, entry: Evidence) -> Html:
    title = element(
        "h4", f"[{number}] ", entry.title, " ", element("span", f"{entry.kind}, {entry.year}", class_="dim")
    )
    told = (element("p", element("strong", f"{label}: "), text) for label, text in wording.quoted(entry))
    inside = joined(element("p", entry.why), *told, element("p", element("strong", "Source: "), _link(entry)))
    return element("li", element("details", element("summary", title), inside, class_="card"), id=f"source-{number}")


def _level(level: int, entries: Sequence[tuple[int, Evidence]], report: Report) -> Html:
    rows = (_entry(number, entry) for number, entry in entries)
    agreed = _agreement([entry for _, entry in entries], report)
    title = element("h3", f"Level {level}: {_LEVELS[level]}")
    return joined(title, element("p", agreed) if agreed else None, element("ul", *rows, class_="plain"))


def _agreement(entries: Sequence[Evidence], report: Report) -> str:
    """How many of the entries are about the diagnosed mode, and what the others are about."""
    if report.verdict.abstained:
        return ""
    mode = report.verdict.mode
    same = [entry for entry in entries if mode in entry.modes]
    other = dict.fromkeys(wording.mode_name(m) for e in entries if mode not in e.modes for m in e.modes)
    text = f"Consensus: {len(same)} of {plural(len(entries), 'entry').replace('entrys', 'entries')} "
    text += f"{'describes' if len(same) == 1 else 'describe'} {wording.mode_name(mode)}."
    return f"{text} Pointing elsewhere: {', '.join(other)}." if other else f"{text} None points elsewhere."


def _entry(number: int, entry: Evidence) -> Html:
    facts = f"{entry.kind}, {entry.year}, {entry.strength}"
    title = element("h4", f"[{number}] ", entry.title, " ", element("span", facts, class_="dim"))
    inside = joined(
        element("p", element("span", f"applies: {entry.applicability}", class_="badge"), " ", entry.why),
        element("p", element("strong", "Problem: "), entry.problem),
        element("p", element("strong", "Cause: "), entry.cause),
        element("p", element("strong", "Fix: "), entry.fix),
        element("p", element("strong", "Source: "), _link(entry)),
    )
    card = element("details", element("summary", title), inside, class_="card", open=number <= _OPEN)
    return element("li", card, id=f"source-{number}")


def _link(entry: Evidence) -> Html:
    if not entry.url.startswith(("https://", "http://")):
        return joined(entry.url)
    return element("a", entry.url, href=entry.url, rel="noopener noreferrer")


def searched(report: Report) -> Html:
    """Every query, and what was not searched or read, and why."""
    done = {step.level for step in report.search}
    left = [f"level {level} ({what})" for level, what in _LEVELS.items() if level not in done]
    not_searched = f"Not searched: {'; '.join(left)}. " if left else ""
    why = f"The search stopped with {report.search_stopped}." if report.search_stopped else ""
    head = element("tr", *(element("th", title, scope="col") for title in ("Level", "Query", "Hits")))
    rows = (
        element("tr", element("td", str(s.level)), element("td", s.query), element("td", str(s.hits)))
        for s in report.search
    )
    table = element("table", element("thead", head), element("tbody", *rows)) if report.search else None
    wide = element("div", table, class_="wide", tabindex="0", role="group", aria_label="Queries") if table else None
    return joined(wide, element("p", not_searched, why) if not_searched or why else None, _read(report))


def _read(report: Report) -> Html:
    skipped = [element("li", element("code", s.file), f": {s.reason}") for s in report.skipped]
    notes = [element("li", note) for note in report.notes]
    files = ", ".join(report.files) or "none"
    return joined(
        element("p", element("strong", f"Files read ({len(report.files)}): "), files),
        element("details", element("summary", f"Files not read ({len(skipped)})"), element("ul", *skipped))
        if skipped
        else element("p", "No file was passed over."),
        joined(element("p", element("strong", "Notes")), element("ul", *notes)) if notes else None,
    )
