"""What all faces say in the same words, and the cleaning of text that came from elsewhere."""

from collections.abc import Sequence

from misrun.agents.characterization import Characterization, Field
from misrun.agents.report import Report
from misrun.agents.step import NextStep, Verdict
from misrun.agents.verdict_words import definition as definition
from misrun.agents.verdict_words import headline as headline
from misrun.agents.verdict_words import mode_name as mode_name
from misrun.agents.verdict_words import share as share
from misrun.knowledge.evidence import Evidence
from misrun.tools.record import Span
from misrun.tools.visible_text import visible

# Above what live sources and the user's own documents say.
UNREAD = "Found outside the shipped knowledge, quoted, unchecked; nothing above or below rests on it:"

FIELDS = ("symptom", "expected", "started", "tried", "environment")


def quoted(entry: Evidence) -> tuple[tuple[str, str], ...]:
    """The source's own words on problem and answer, where it has them."""
    told = (("It says", visible(entry.problem)), ("Accepted answer", visible(entry.fix)))
    return tuple((label, text) for label, text in told if text)


def places(spans: Sequence[Span], most: int = 3) -> str:
    """ "train.log:161, config.yaml:3 and 2 more"."""
    named = list(dict.fromkeys(str(span) for span in spans))
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return visible(", ".join(named[:most]) + more)


def field_text(field: Field) -> tuple[str, str]:
    """The field's value and where it comes from; a missing field says what to supply."""
    if field.value is None:
        return f"missing: {field.ask}", ""
    where = places(field.spans)
    return visible(field.value), f"{field.origin}: {where}" if where else field.origin


def template(characterization: Characterization) -> list[tuple[str, str, str]]:
    """(name, text, origin) of the five fields in order."""
    return [(name, *field_text(getattr(characterization, name))) for name in FIELDS]


def search_summary(report: Report) -> str:
    """How wide the search went and why it stopped."""
    if not report.search:
        return f"nothing: {report.search_stopped}" if report.search_stopped else "nothing yet"
    levels = len({step.level for step in report.search})
    entries = report.versions.get("corpus_entries", "?")
    return f"{levels} of 4 levels, {len(report.search)} queries over {entries} entries; {report.search_stopped}"


def step_numbers(step: NextStep) -> str:
    """Likelihood, effort and diagnostic value on one line."""
    return f"likelihood {step.likelihood:.2f} · effort: {step.effort} · diagnostic value {step.diagnostic_value:.2f}"


def sentence_and_code(how: str) -> tuple[str, str]:
    """The sentences of a step's `how`, and the code after them: each stands on lines of its own (agents/step.py), and
    only a sentence ends with a stop or a colon."""
    lines = how.split("\n")
    count = next((at for at, line in enumerate(lines) if not line.endswith((".", ":"))), len(lines))
    return " ".join(lines[:count]), "\n".join(lines[count:])


def verdict_text(step: NextStep) -> str:
    """What the validator says about a step."""
    verdict = step.verdict
    if verdict is None:
        return ""
    support = f"; {support_text(verdict)}" if verdict.of else ""
    dropped = f", {verdict.citations_dropped} dropped" if verdict.citations_dropped else ""
    note = f"; {verdict.note}" if verdict.note else ""
    checked = f"{verdict.citations_checked} citations checked{dropped}"
    run = f"{verdict.executed}: {verdict.measured}" if verdict.measured else verdict.executed
    return f"{verdict.classifier}; {checked}{support}; {run}{note}"


def support_text(verdict: Verdict) -> str:
    """ "worked in 3 of 4 like benchmark runs (r005, r018, r036; not in r080)"; "" where none is like this run."""
    if not verdict.of:
        return ""
    parts = [", ".join(verdict.worked), f"not in {', '.join(verdict.failed)}" if verdict.failed else ""]
    return f"worked in {verdict.support} of {verdict.of} like benchmark runs ({'; '.join(p for p in parts if p)})"


def how_it_knows(report: Report) -> str:
    """What was read and what was not, in one paragraph."""
    seconds = sum(t.seconds for t in report.timings)
    clean_checks = sum(len(audit.clean) for audit in report.audits)
    parts = [f"Read {len(report.files)} files, measured {len(report.signals)} signals"]
    if report.audits:
        parts.append(f"{len(report.findings)} code findings, {clean_checks} checks clean")
    parts.append(f"literature searched: {search_summary(report)}")
    parts.append(f"{seconds:.1f} s, without a language model and without a network")
    return "; ".join(parts) + "."
