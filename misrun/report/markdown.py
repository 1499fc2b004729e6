"""The report as Markdown, fit to paste into an issue."""

import re
import shlex
from collections.abc import Iterable, Iterator

from misrun.agents.report import Report
from misrun.agents.step import NextStep
from misrun.report import paper, wording
from misrun.tools.paper.record import Comparison
from misrun.tools.visible_text import visible

# Text that came from logs and code must not become markup, links or mentions of the page it is pasted into.
_MARKUP = re.compile(r"([\\`*_{}\[\]|#!~])")
# GitHub links names, issue numbers and addresses after rendering, so that a backslash does not stop it; a space of no
# width does (as in the pull requests of Renovate, https://docs.renovatebot.com).
_REFERENCE = re.compile(r"([@#])(?=\w)|\b(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)", re.I)


def escape(text: str) -> str:
    """Foreign text as Markdown that shows exactly these characters."""
    shown = _MARKUP.sub(r"\\\1", visible(text).replace("&", "&amp;"))
    shown = _REFERENCE.sub(r"\g<0>&#8203;", shown)
    return shown.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def code(text: str) -> str:
    """Foreign text as code in a line; a line feed would end the paragraph, and the code with it."""
    return f"`{visible(text).replace('`', chr(39)).replace(chr(10), ' ')}`"


def block(text: str, language: str, indent: str) -> Iterator[str]:
    """Foreign text as a block of code, fenced longer than any fence inside it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    yield f"\n{indent}{fence}{language}"
    yield from (f"{indent}{visible(line)}" for line in text.splitlines())
    yield f"{indent}{fence}\n"


def folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines that the page shows when the reader opens them."""
    yield f"\n<details>\n<summary>{escape(title)}</summary>\n"
    yield from lines
    yield "\n</details>"


def to_markdown(report: Report) -> str:
    """The whole report."""
    parts = (
        _head(report),
        _template(report),
        _why(report),
        _steps(report),
        _code(report),
        _paper(report),
        _known(report),
        _foot(report),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"# misrun: {escape(report.path)}"
    yield ""
    yield f"**{wording.headline(report)}** {wording.definition(report)}"
    if report.verdict.missing:
        yield f"\nWhat would settle it: {escape(report.verdict.missing)}"
    if not report.complete:
        yield "\n*This report is partial.*"


def _template(report: Report) -> Iterator[str]:
    yield "\n## What happened\n\n| | | from |\n|---|---|---|"
    for name, text, origin in wording.template(report.characterization):
        yield f"| **{name.capitalize()}** | {escape(text)} | {escape(origin)} |"


def _why(report: Report) -> Iterator[str]:
    if not report.hypotheses:
        return
    yield "\n## Why\n"
    for hypothesis in report.hypotheses[:4]:
        yield f"- **{wording.share(hypothesis.likelihood)} {escape(hypothesis.mode)}** ({hypothesis.status})"
        for sign, grounds in (("for", hypothesis.supporting[:4]), ("against", hypothesis.opposing[:3])):
            for ground in grounds:
                yield f"  - {sign}: {escape(ground.text)} ({escape(wording.places(ground.spans, 2))})"


def _code(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield "\n## Code\n"
    for finding in report.findings:
        place = code(f"{finding.file}:{finding.line}")
        yield f"- {place} **{finding.check}** ({finding.severity}, confidence {finding.confidence:.2f}): "
        yield f"  {escape(finding.message)} {escape(finding.expected)}"


def _paper(report: Report) -> Iterator[str]:
    for alignment in paper.alignments(report):
        yield f"\n## Paper: {escape(alignment.paper)}\n\n{paper.counted(alignment)}"
        for title, rows in paper.groups(alignment):
            lines = [_comparison(row) for row in rows]
            if title in ("Verified", "Not verified"):
                yield from folded(f"{title}: {len(rows)}", lines)
            else:
                yield f"\n**{title}**\n"
                yield from lines


def _comparison(row: Comparison) -> str:
    where = ", ".join(code(str(span)) for span in row.code) or "no place in the code"
    return f"- {where} **{row.topic.replace('_', ' ')}**: {escape(paper.sentence(row))}"


def _known(report: Report) -> Iterator[str]:
    yield f"\n## What is known\n\nSearched {escape(wording.search_summary(report))}"
    if report.evidence:
        yield from folded(f"{len(report.evidence)} sources", _entries(report))


def _entries(report: Report) -> Iterator[str]:
    for number, entry in enumerate([e for e in report.evidence if e.origin == "shipped"][:8], start=1):
        yield f"{number}. [{escape(entry.title)}]({entry.url}) ({entry.year}), applies: {entry.applicability}"
        yield f"   - Cause: {escape(entry.cause)}\n   - Fix: {escape(entry.fix)}\n   - {escape(entry.why)}"
    yield from _beyond(report)


def _beyond(report: Report) -> Iterator[str]:
    beyond = [entry for entry in report.evidence if entry.origin != "shipped"]
    if beyond:
        yield f"\n{wording.UNREAD}\n"
    for entry in beyond[:8]:
        yield f"- {escape(entry.title)} ({entry.year}), {code(entry.url)}: {escape(entry.why)}"
        yield from (f"   - {label}: {escape(text)}" for label, text in wording.quoted(entry))


def _steps(report: Report) -> Iterator[str]:
    if report.steps:
        yield "\n## Next steps\n"
    for number, step in enumerate(report.steps, start=1):
        yield f"{number}. **{escape(step.what)}**"
        yield from _step(report, step)
    if report.last_resort:
        yield f"\n{escape(report.last_resort)}"


def _step(report: Report, step: NextStep) -> Iterator[str]:
    sentence, edit = wording.sentence_and_code(step.how)
    yield from _labelled(("Why", step.why), ("How", sentence))
    if edit:
        yield from block(edit, "", "     ")
    yield from _labelled(("Verify", step.verify), ("Instead of", step.displaced))
    yield from (f"   - Contradicts: {escape(other)}" for other in step.contradicts)
    yield f"   - {wording.step_numbers(step)}"
    if checked := wording.verdict_text(step):
        yield f"   - Checked: {escape(checked)}"
    urls = {entry.id: entry.url for entry in report.evidence}
    sources = [urls.get(ref.evidence or "", code(ref.label)) for ref in step.refs]
    if sources:
        yield f"   - Sources: {', '.join(dict.fromkeys(sources))}"
    if step.patch:
        yield from block(step.patch, "diff", "   ")
    if step.arguments:
        yield f"   - Add to the command: {code(shlex.join(step.arguments))}"


def _labelled(*parts: tuple[str, str]) -> Iterator[str]:
    yield from (f"   - {label}: {escape(text)}" for label, text in parts if text)


def _foot(report: Report) -> Iterator[str]:
    details = [f"- Not read: {escape(s.file)}: {escape(s.reason)}" for s in report.skipped[:8]]
    details += [f"- {escape(note)}" for note in report.notes]
    yield "\n---"
    if details:
        yield from folded("Notes", details)
    yield f"\n{escape(wording.how_it_knows(report))}"
