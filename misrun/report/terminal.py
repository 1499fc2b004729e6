"""The report for a terminal: readable at 80 columns, without colour and in a pipe."""

import io
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from misrun.agents.report import Report
from misrun.agents.step import NextStep
from misrun.knowledge.evidence import Evidence
from misrun.report import paper, wording
from misrun.tools.paper.record import Comparison
from misrun.tools.record_texts import with_texts
from misrun.tools.visible_text import visible

# Wider lines than this are hard to read, whatever the terminal offers.
MOST_COLUMNS = 110
_STYLE = {"high": "green", "medium": "yellow", "low": "dim", "error": "red", "warning": "yellow", "note": "dim"}


def print_report(report: Report) -> None:
    """Prints to standard output; colour only on a terminal and without NO_COLOR (rich's own rule)."""
    console = Console(highlight=False)
    width = min(console.width, MOST_COLUMNS)
    if console.is_terminal:
        _write(Console(highlight=False, width=width), report)
    else:
        console.file.write(to_text(report, width))


def to_text(report: Report, width: int = 80) -> str:
    """The same report as plain text."""
    buffer = io.StringIO()
    _write(Console(file=buffer, width=width, highlight=False, no_color=True, force_terminal=False), report)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _write(console: Console, report: Report) -> None:
    report = with_texts(report, visible)
    _verdict(console, report)
    _template(console, report)
    _hypotheses(console, report)
    _findings(console, report)
    _paper(console, report)
    _evidence(console, report)
    _steps(console, report)
    _footer(console, report)


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left", style="dim", characters="─"))


def _verdict(console: Console, report: Report) -> None:
    console.print(Text(f"misrun · {visible(report.path)} · id {report.id}", style="dim"))
    console.print()
    console.print(Text(wording.headline(report), style="bold"))
    if wording.definition(report):
        console.print(wording.definition(report), markup=False)
    if report.verdict.missing:
        ask = "What would settle it: " if report.verdict.abstained else "What would settle the mode: "
        console.print(Text(ask, style="bold") + Text(visible(report.verdict.missing)))
    if not report.complete:
        console.print(Text("This report is partial.", style="bold red"))


def _template(console: Console, report: Report) -> None:
    _section(console, "What happened")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text, origin in wording.template(report.characterization):
        cell = Text(text, style="dim" if text.startswith("missing:") else "")
        if origin:
            cell.append(f"  [{origin}]", style="dim")
        table.add_row(name.capitalize(), cell)
    console.print(table)


def _hypotheses(console: Console, report: Report) -> None:
    if not report.hypotheses:
        return
    _section(console, "Why")
    for hypothesis in report.hypotheses[:4]:
        line = Text(f"{wording.share(hypothesis.likelihood)}  ", style="bold") + Text(hypothesis.mode)
        console.print(line + Text(f"  {hypothesis.status}", style="dim"))
        for sign, grounds in (("+", hypothesis.supporting[:4]), ("-", hypothesis.opposing[:3])):
            for ground in grounds:
                where = wording.places(ground.spans, 2)
                text = Text(f"{sign} {visible(ground.text)}")
                console.print(Padding(text.append(f"  [{where}]" if where else "", style="dim"), (0, 0, 0, 6)))


def _findings(console: Console, report: Report) -> None:
    if not report.audits:
        return
    _section(console, "Code")
    for finding in report.findings[:8]:
        head = Text(f"{visible(finding.file)}:{finding.line}", style="bold")
        head.append(f"  {finding.check}", style=_STYLE[finding.severity])
        console.print(head.append(f"  {finding.severity}, confidence {finding.confidence:.2f}", style="dim"))
        console.print(Padding(Text(visible(f"{finding.message} {finding.expected}")), (0, 0, 0, 4)))
    if len(report.findings) > 8:
        console.print(Text(f"and {len(report.findings) - 8} more (--json has all)", style="dim"))
    for audit in report.audits:
        verified = f"{len(audit.clean)} places verified clean" if audit.status == "done" else visible(audit.reason)
        status = audit.status.replace("_", " ")
        text = f"{audit.agent}: {status}, {audit.files} files, {len(audit.findings)} findings, {verified}"
        console.print(Text(text, style="dim"))


# Rows of one kind beyond these are counted: what agrees is good to know, and not to be read row by row (a judgement).
_MOST_ROWS = {"Verified": 6, "Not verified": 6, "Set in the code, not in the paper": 8}


def _paper(console: Console, report: Report) -> None:
    for alignment in paper.alignments(report):
        _section(console, f"Paper: {visible(alignment.paper)}")
        console.print(Text(paper.counted(alignment), style="bold"))
        for title, rows in paper.groups(alignment):
            console.print(Text(title, style="bold"))
            for row in rows[: _MOST_ROWS.get(title)]:
                _comparison(console, row)
            if (left := len(rows) - _MOST_ROWS.get(title, len(rows))) > 0:
                console.print(Padding(Text(f"and {left} more (--json has all)", style="dim"), (0, 0, 0, 2)))


def _comparison(console: Console, row: Comparison) -> None:
    where = wording.places(row.code) or "no place in the code"
    head = Text(f"{where}  ", style="bold") + Text(row.topic.replace("_", " "), style=_STYLE[row.severity])
    console.print(Padding(head, (0, 0, 0, 2)))
    told = (("paper", paper.paper_says(row)), ("code", paper.code_does(row)), ("", visible(row.reason)))
    body = "\n".join(f"{label}: {text}" if label else text for label, text in told if text)
    console.print(Padding(Text(body), (0, 0, 0, 6)))


def _evidence(console: Console, report: Report) -> None:
    _section(console, "What is known")
    console.print(Text(f"Searched {visible(wording.search_summary(report))}", style="dim"))
    shipped = [item for item in enumerate(report.evidence, start=1) if item[1].origin == "shipped"]
    for number, entry in shipped[:5]:
        _entry(console, number, entry)
    _beyond(console, report)


def _beyond(console: Console, report: Report) -> None:
    """What nobody here has read: the source's own words, cut, and marked as such."""
    beyond = [item for item in enumerate(report.evidence, start=1) if item[1].origin != "shipped"]
    if beyond:
        console.print(Text(wording.UNREAD, style="yellow"))
    for number, entry in beyond[:5]:
        console.print(
            Text(f"[{number}] ", style="bold") + Text(visible(entry.title)) + Text(f" ({entry.year})", style="dim")
        )
        lines = Text(f"{visible(entry.url)}\n{visible(entry.why)}\n", style="dim")
        lines.append("\n".join(f"{label}: {text}" for label, text in wording.quoted(entry)))
        console.print(Padding(lines, (0, 0, 0, 4)))


def _entry(console: Console, number: int, entry: Evidence) -> None:
    console.print(
        Text(f"[{number}] ", style="bold") + Text(visible(entry.title)) + Text(f" ({entry.year})", style="dim")
    )
    lines = Text(f"{entry.url}\n", style="dim")
    lines.append(f"applies: {entry.applicability}", style=_STYLE[entry.applicability])
    lines.append(f", level {entry.level}, {entry.strength}; {visible(entry.why)}\n", style="dim")
    lines.append(f"Cause: {visible(entry.cause)}\nFix: {visible(entry.fix)}")
    console.print(Padding(lines, (0, 0, 0, 4)))


def _steps(console: Console, report: Report) -> None:
    if report.steps:
        _section(console, "Next steps")
    for number, step in enumerate(report.steps, start=1):
        console.print(Text(f"{number}. {visible(step.what)}", style="bold"))
        console.print(Padding(_step_body(report, step), (0, 0, 0, 3)))
        if step.patch:
            console.print(Padding(Syntax(step.patch, "diff", background_color="default", word_wrap=True), (0, 0, 1, 3)))
    if report.last_resort:
        console.print(Text(visible(report.last_resort)))


def _step_body(report: Report, step: NextStep) -> Text:
    body = Text()
    for label, text in (("Why", step.why), ("How", step.how), ("Verify", step.verify), ("Instead of", step.displaced)):
        if text:
            body.append(f"{label}: ", style="bold").append(f"{visible(text)}\n")
    for other in step.contradicts:
        body.append(f"Contradicts: {visible(other)}\n", style="yellow")
    body.append(f"{wording.step_numbers(step)}\n", style="dim")
    if step.refs:
        body.append(f"Sources: {_references(report, step)}\n", style="dim")
    return body.append(wording.verdict_text(step), style="dim")


def _references(report: Report, step: NextStep) -> str:
    numbers = {entry.id: str(number) for number, entry in enumerate(report.evidence, start=1)}
    labels: Sequence[str] = [f"[{numbers[r.evidence]}]" if r.evidence in numbers else r.label for r in step.refs]
    return visible(", ".join(dict.fromkeys(labels)))


def _footer(console: Console, report: Report) -> None:
    console.print()
    for skipped in report.skipped[:5]:
        console.print(Text(f"Not read: {visible(skipped.file)}: {visible(skipped.reason)}", style="dim"))
    for note in report.notes[:6]:
        console.print(Text(f"Note: {visible(note)}", style="dim"))
    console.print(Text(wording.how_it_knows(report), style="dim"))
