"""What an investigation found, short enough for a tired reader, and what changed against the one before."""

from misrun.agents.report import Report
from misrun.agents.researcher.answer import Answer, Line, places, step_number
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import definition, headline, mode_name, share
from misrun.tools.diagnosis.hypothesis import Ground, Hypothesis

# The leading causes that a person keeps in mind at once.
_RANKED = 4
# Of what was supplied, as much as shows that it was read.
_NEWS = 4
# A change of likelihood below this is not worth a line.
_MOVED = 0.02


def answer_of(room: Room, intent: str, asks: str) -> Answer:
    """The answer after an investigation: the verdict and what it rests on, or that nothing moved."""
    report, before = room.report, room.before
    assert report is not None
    moved = _change(before, report)
    same = before is not None and not moved and before.verdict.mode == report.verdict.mode
    head = f"Noted. The verdict stays: {headline(report)}" if same else f"{headline(report)} {definition(report)}"
    reasons = () if same else (*_because(report), *_code(report))
    return Answer(
        intent=intent,
        head=head.strip(),
        lines=(*moved, *_news(before, report, intent), *reasons, *_first_step(before, report), *_others(report)),
        asks=asks,
        notes=_notes(report),
        report=report.id,
        worded=not same,
    )


def ground_line(ground: Ground, sign: str = "") -> Line:
    cites = places(*ground.spans[:3])
    return Line(text=f"{sign} {ground.text}".strip(), cites=cites, look="item")


def _leading(report: Report) -> Hypothesis | None:
    return next((h for h in report.hypotheses if h.mode == report.verdict.mode), None)


def _because(report: Report) -> list[Line]:
    leading = _leading(report)
    if leading is None or not leading.supporting:
        field = report.characterization.symptom
        return [Line(text=field.value, cites=places(*field.spans[:3]), look="item")] if field.value else []
    return [ground_line(ground) for ground in leading.supporting[:2]]


def _code(report: Report) -> list[Line]:
    """The place to blame, where the leading reasons have not named it already."""
    if not report.findings or report.verdict.category == "healthy":
        return []
    finding, leading = report.findings[0], _leading(report)
    named = {str(span) for ground in (leading.supporting[:2] if leading else ()) for span in ground.spans}
    if str(finding.span) in named:
        return []
    return [Line(text=f"In the code: {finding.message}", cites=places(finding.span), look="item")]


def _first_step(before: Report | None, report: Report) -> list[Line]:
    if not report.steps:
        return []
    first = report.steps[0].what
    more = f" ({len(report.steps) - 1} more: /step 2 ...)" if len(report.steps) > 1 else ""
    changed = before is not None and before.steps and before.steps[0].what != first
    return [Line(text=f"First step{' now' if changed else ''}: {first}{more}", cites=(step_number(1),))]


def _others(report: Report) -> list[Line]:
    others = [h for h in report.hypotheses if h.mode != report.verdict.mode and h.likelihood >= 0.05][:2]
    if not others:
        return []
    return [Line(text="Else: " + ", ".join(f"{mode_name(h.mode)} {share(h.likelihood)}" for h in others), look="note")]


def _change(before: Report | None, now: Report) -> list[Line]:
    """How the ranking changed against the report before; nothing where it did not."""
    if before is None or not before.hypotheses:
        return []
    old = {h.mode: (place, h) for place, h in enumerate(before.hypotheses, start=1)}
    moved = [_moved(place, h, old) for place, h in enumerate(now.hypotheses[:_RANKED], start=1)]
    told = [text for text in moved if text]
    return [Line(text="Ranking now: " + "; ".join(told) + ".")] if told else []


def _news(before: Report | None, now: Report, intent: str) -> list[Line]:
    """What was read of what was supplied, so that a text that said nothing to the readers is told."""
    if before is None or intent != "supply":
        return []
    known = {(fact.name, fact.value) for fact in before.characterization.environment.facts}
    facts = [f for f in now.characterization.environment.facts if (f.name, f.value) not in known]
    measured = {signal.text for signal in before.signals}
    signals = [signal for signal in now.signals if signal.text not in measured]
    lines = [Line(text=f"Read: {f.name} {f.value}", cites=places(*f.spans[:1]), look="item") for f in facts[:_NEWS]]
    lines += [Line(text=s.text, cites=places(*s.spans[:2]), look="item") for s in signals[: _NEWS - len(lines)]]
    return lines or [Line(text="Nothing in it was read as a metric, an error or a setting.")]


def _moved(place: int, hypothesis: Hypothesis, old: dict[str, tuple[int, Hypothesis]]) -> str:
    name, likelihood = mode_name(hypothesis.mode), hypothesis.likelihood
    if hypothesis.mode not in old:
        return f"{place}. {name} {share(likelihood)} (new)" if likelihood >= 0.05 else ""
    was, before = old[hypothesis.mode]
    if was == place and abs(likelihood - before.likelihood) < _MOVED:
        return ""
    there = f"was {was}., {share(before.likelihood)}" if was != place else f"was {share(before.likelihood)}"
    return f"{place}. {name} {share(likelihood)} ({there})"


def _notes(report: Report) -> tuple[str, ...]:
    partial = (
        () if report.complete else ("Stopped before the end: this is what is known so far. /investigate goes on.",)
    )
    skipped = tuple(f"Not read: {item.file}: {item.reason}" for item in report.skipped[:2])
    return (*partial, *skipped)
