"""The report as Markdown, fit to paste into an issue."""

import re
from collections.abc import Iterator

from misrun.agents.report import Report
from misrun.agents.step import NextStep
from misrun.report import wording
from misrun.report.wording import clean

# Text that came from logs and code must not become markup, links or mentions of the page it is pasted into.
_MARKUP = re.compile(r"([\\`*_{}\[\]|#@!])")


def escape(text: str) -> str:
    """Foreign text as Markdown that shows exactly these characters."""
    shown = _MARKUP.sub(r"\\\1", clean(text))
    return shown.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def to_markdown(report: Report) -> str:
    """The whole report."""
    parts = (
        _head(report),
        _template(report),
        _why(report),
        _code(report),
        _known(report),
        _steps(report),
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
        place = f"`{clean(finding.file)}:{finding.line}`"
        yield f"- {place} **{finding.check}** ({finding.severity}, confidence {finding.confidence:.2f}): "
        yield f"  {escape(finding.message)} {escape(finding.expected)}"


def _known(report: Report) -> Iterator[str]:
    yield f"\n## What is known\n\nSearched {escape(wording.search_summary(report))}\n"
    for number, entry in enumerate(report.evidence[:8], start=1):
        yield f"{number}. [{escape(entry.title)}]({entry.url}) ({entry.year}), applies: {entry.applicability}"
        yield f"   - Cause: {escape(entry.cause)}\n   - Fix: {escape(entry.fix)}\n   - {escape(entry.why)}"


def _steps(report: Report) -> Iterator[str]:
    if report.steps:
        yield "\n## Next steps\n"
    for number, step in enumerate(report.steps, start=1):
        yield f"{number}. **{escape(step.what)}**"
        yield from _step(report, step)
    if report.last_resort:
        yield f"\n{escape(report.last_resort)}"


def _step(report: Report, step: NextStep) -> Iterator[str]:
    for label, text in (("Why", step.why), ("How", step.how), ("Verify", step.verify), ("Instead of", step.displaced)):
        if text:
            yield f"   - {label}: {escape(text)}"
    yield from (f"   - Contradicts: {escape(other)}" for other in step.contradicts)
    yield f"   - {wording.step_numbers(step)}"
    urls = {entry.id: entry.url for entry in report.evidence}
    sources = [urls.get(ref.evidence or "", f"`{clean(ref.label)}`") for ref in step.refs]
    if sources:
        yield f"   - Sources: {', '.join(dict.fromkeys(sources))}"
    if step.patch:
        yield "\n   ```diff"
        yield from (f"   {clean(line)}" for line in step.patch.splitlines())
        yield "   ```\n"


def _foot(report: Report) -> Iterator[str]:
    yield "\n---\n"
    yield from (f"- Not read: {escape(s.file)}: {escape(s.reason)}" for s in report.skipped[:8])
    yield from (f"- {escape(note)}" for note in report.notes)
    yield f"\n{escape(wording.how_it_knows(report))}"
