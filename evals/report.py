"""What an evaluation is told as: one list of sections, written as Markdown or as one self-contained HTML page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from misrun.evals import tables
from misrun.evals.compare import Change
from misrun.evals.plots import plots
from misrun.evals.row import Row
from misrun.evals.splits import QUESTIONS
from misrun.evals.summary import CHAMPION, Evaluation
from misrun.evals.tables import Table
from misrun.evals.views import ABLATIONS


@dataclass(frozen=True)
class Section:
    """A heading, what the reader should know about it, and a table or a plot (SVG text)."""

    title: str
    text: str
    table: Table | None = None
    plot: str = ""


def sections(evaluation: Evaluation, rows: Sequence[Row], changes: Sequence[Change] = ()) -> Iterator[Section]:
    """Everything that is reported, in reading order."""
    yield Section("What was run", _what_was_run(evaluation))
    yield Section("misrun on every split", _SPLITS_TEXT, tables.splits_table(evaluation, list(QUESTIONS)))
    yield from (Section(title, "", plot=plot) for title, plot in plots(evaluation).items())
    for split, question in QUESTIONS.items():
        found = evaluation.of(split)
        if found and split not in ABLATIONS:
            yield Section(f"Methods: {split}", f"{question}.", tables.methods_table(found))
    yield from _details(evaluation)
    yield from _what_it_rests_on(evaluation)
    yield Section("The undeterminable cases", _UNKNOWN_TEXT, tables.unknown_table(rows))
    yield Section("What misrun got wrong", "Every case, on grouped folds.", tables.wrong_table(rows))
    if changes:
        yield Section("Against the earlier evaluation", "Cases whose judgement changed.", _changes_table(changes))


_SPLITS_TEXT = (
    'Shares of the failing cases, undeterminable ones included; "not looked at" counts only scenarios that nobody '
    "looked at while misrun's rules were written. ECE is over every answer told."
)
_UNKNOWN_TEXT = (
    "What is handed over does not settle these. Right is to abstain and to ask for a measurement that would."
)


def _what_was_run(evaluation: Evaluation) -> str:
    grouped = evaluation.of("grouped")
    failing, healthy = (grouped[0].category.n, grouped[0].false_alarms.n) if grouped else (0, 0)
    parts = [f"{len({m.method for m in evaluation.methods})} methods; {failing} failing and {healthy} healthy cases."]
    parts += [f"{name} was skipped: {why}." for name, why in evaluation.skipped.items()]
    parts += [f"{name} could not be read: {why}." for name, why in evaluation.unreadable.items()]
    parts.append(f"Engine {evaluation.version}, cases {evaluation.cases}. Every prediction is a row of results.jsonl.")
    return " ".join(parts)


def _details(evaluation: Evaluation) -> Iterator[Section]:
    yield Section("Intervals, cost and time", _COST_TEXT, tables.intervals_table(evaluation.of("grouped")))
    for split, comparisons in evaluation.comparisons.items():
        yield Section(f"misrun against each other method: {split}", _TESTS_TEXT, tables.comparison_table(comparisons))
    champion = evaluation.champion("grouped")
    if champion is not None:
        yield Section("misrun by category", "On grouped folds, healthy cases included.", tables.classes_table(champion))
        yield Section("Confusion of misrun", "On grouped folds.", tables.confusion_table(champion))
        yield Section("Why misrun abstained", "On grouped folds.", tables.reasons_table(champion))
    for summary in evaluation.of("grouped")[:3]:
        if summary.method != CHAMPION:
            yield Section(f"{summary.method} by category", "On grouped folds.", tables.classes_table(summary))
    if evaluation.by_architecture:
        yield Section("By architecture", QUESTIONS["unseen_architecture"] + ".", tables.architectures_table(evaluation))


_COST_TEXT = (
    "95 % percentile intervals of 10,000 bootstrap samples. Cost per case is C_auto (1 - P) + C_human P with "
    "C_auto = 1, C_human = 10 and P the share of cases that are abstained from."
)
_TESTS_TEXT = (
    "On the failing cases: the difference of shares with its bootstrap interval, Cohen's d of the paired differences, "
    "the paired t-test, McNemar's exact test, and the latter corrected for the number of comparisons (Holm)."
)


def _what_it_rests_on(evaluation: Evaluation) -> Iterator[Section]:
    for method in dict.fromkeys(i.method for i in evaluation.importance):
        found = [i for i in evaluation.importance if i.method == method]
        yield Section(f"What {method} rests on ({found[0].kind})", "Grouped folds.", tables.importance_table(found))
    ablated = [m for split in ABLATIONS for m in evaluation.of(split)]
    if ablated:
        whole = {m.method: m for m in evaluation.of("grouped")}
        head = ("method", "without", "category", "with everything", "top-3 mode", "false alarms")
        rows: list[tuple[str, ...]] = [
            (m.method, m.split.removeprefix("without_").replace("_", " "), tables.short(m.category),
             tables.short(whole[m.method].category) if m.method in whole else "-", tables.short(m.top3_mode),
             tables.short(m.false_alarms))
            for m in ablated
        ]  # fmt: skip
        yield Section("Without a group of signals", "Taken from training and test, grouped folds.", (head, rows))


def _changes_table(changes: Sequence[Change]) -> Table:
    head = ("", "scenario", "method", "split", "was", "is")
    return head, [("worse" if c.worse else "better", c.scenario, c.method, c.split, c.was, c.now) for c in changes]


def to_markdown(found: Sequence[Section]) -> str:
    """The sections without their plots, which are in the HTML page."""
    return "# Evaluation of misrun\n\n" + "\n".join(
        f"## {s.title}\n\n{s.text}\n{markdown_table(s.table) if s.table else ''}" for s in found if not s.plot
    )


def markdown_table(table: Table) -> str:
    """The table as a Markdown pipe table, or the word "none"."""
    head, rows = table
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n" + "\n".join(lines) + "\n" if rows else "\nnone\n"


def _cell(text: str) -> str:
    """Text of a run in a table cell: a pipe or a line break would end it."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def to_html(found: Sequence[Section]) -> str:
    """One page without any reference to the network: style and plots are inside."""
    links = "".join(f'<li><a href="#s{i}">{escape(s.title)}</a></li>' for i, s in enumerate(found))
    body = "".join(_html(i, section) for i, section in enumerate(found))
    return _PAGE.format(style=_STYLE, links=links, body=body)


def _html(number: int, section: Section) -> str:
    plot = f'<figure role="img" aria-label="{escape(section.title)}">{section.plot}</figure>' if section.plot else ""
    table = _html_table(section.table) if section.table else ""
    text = f"<p>{escape(section.text)}</p>" if section.text else ""
    return f'<section id="s{number}"><h2>{escape(section.title)}</h2>{text}{plot}{table}</section>'


def _html_table(table: Table) -> str:
    head, rows = table
    if not rows:
        return "<p>none</p>"
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr class="{"own" if CHAMPION in row[:1] else ""}">{"".join(f"<td>{escape(cell)}</td>" for cell in row)}</tr>'
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #ffffff; --line: #d5dbe1; --own: #e7f1f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --paper: #14191f; --line: #3a444e; --own: #1d3346; }
  figure { background: #f4f6f8; border-radius: 6px; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); }
tr.own td { background: var(--own); font-weight: 600; }
.wide { overflow-x: auto; } figure { margin: 0; padding: .5rem; } svg { max-width: 100%; height: auto; }
nav ul { columns: 3 16rem; padding-left: 1.1rem; font-size: 13px; }
@media print { nav { display: none; } section { break-inside: avoid; } }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evaluation of misrun</title><style>{style}</style></head>
<body><h1>Evaluation of misrun</h1><nav aria-label="Contents"><ul>{links}</ul></nav><main>{body}</main></body></html>
"""
