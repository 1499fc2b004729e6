"""One step in full, or the list of steps."""

import re

from misrun.agents.researcher.answer import Answer, Citation, Line, source, step_number
from misrun.agents.researcher.intents.intent import Heard, Intent, one_of
from misrun.agents.researcher.room import Room
from misrun.agents.step import NextStep

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}  # fmt: skip


def _tell(heard: Heard, room: Room) -> Answer:
    assert room.report is not None
    steps, number = room.report.steps, _number(heard)
    if number is None:
        return _list(room)
    if not 1 <= number <= len(steps):
        head = f"There is no step {number}; there are: {one_of(len(steps), 'step')}."
        return Answer(intent="step", head=head, report=room.report.id)
    return _one(number, steps[number - 1], room)


def _number(heard: Heard) -> int | None:
    if heard.number is not None:
        return heard.number
    words = re.findall(r"[a-z]+", heard.about.lower())
    return next((_ORDINALS[word] for word in words if word in _ORDINALS), None)


def _one(number: int, step: NextStep, room: Room) -> Answer:
    assert room.report is not None
    urls = {entry.id: entry.url for entry in room.report.evidence}
    cites = tuple(_cite(ref.evidence or "", ref.label, urls) for ref in step.refs[:4])
    lines = [
        Line(text=f"{label}: {text}", cites=(step_number(number), *cites) if label == "Why" else (step_number(number),))
        for label, text in (
            ("Why", step.why),
            ("How", step.how),
            ("Verify", step.verify),
            ("Instead of", step.displaced),
        )
        if text
    ]
    if step.patch:
        lines.append(Line(text=step.patch, cites=(step_number(number),), look="code"))
    if step.arguments:
        lines.append(Line(text="Add to the command: " + " ".join(step.arguments), cites=(step_number(number),)))
    tail = f"likelihood {step.likelihood:.2f}, effort: {step.effort}"
    support = (
        f"; worked in {step.verdict.support} of {step.verdict.of} like benchmark runs"
        if step.verdict and step.verdict.of
        else ""
    )
    lines.append(Line(text=tail + support, cites=(step_number(number),), look="note"))
    return Answer(
        intent="step",
        head=f"{number}. {step.what}",
        cites=(step_number(number),),
        lines=tuple(lines),
        report=room.report.id,
        worded=True,
    )


def _cite(evidence: str, label: str, urls: dict[str, str]) -> Citation:
    return source(evidence, urls[evidence]) if evidence in urls else Citation(kind="place", label=label)


def _list(room: Room) -> Answer:
    report = room.report
    assert report is not None
    if not report.steps:
        healthy = report.verdict.category == "healthy"
        head = (
            "Nothing needs to be done: the run looks healthy."
            if healthy
            else "There is no step that this run supports."
        )
        asks = report.verdict.missing or ""
        lines = (Line(text=f"What would help: {asks}"),) if asks else ()
        return Answer(intent="step", head=head, lines=lines, report=report.id)
    first, rest = report.steps[0], list(enumerate(report.steps, start=1))[1:]
    others = [Line(text=f"{n}. {s.what}", cites=(step_number(n),), look="item") for n, s in rest]
    return Answer(
        intent="step",
        head=f"First: {first.what}",
        cites=(step_number(1),),
        lines=(*others, Line(text="/step N shows why, how, and how to verify it.", look="note")),
        report=report.id,
    )


INTENT = Intent(
    name="step",
    meaning="asks what to do, or for one of the steps by its number",
    tell=_tell,
    command="step",
    usage="[N]",
    needs_report=True,
    says=(
        r"^(?:please |can you |could you |ok(?:ay)?,? )*(?:explain|show|tell me (?:more )?about|expand|detail|elaborate(?: on)?|more (?:on|about))(?: me)?"
        r" (?P<about>(?:the )?(?:step|number|no\.?|#) ?(?:\d+|one|two|three|four|five)|(?:the )?(?:first|second|third|fourth|fifth) (?:step|one)|(?:the |all )?steps)\W*$",
        r"^(?:what(?:'s| is| about)? |and |how about )?(?P<about>(?:the )?(?:step ?\d+|(?:first|second|third|fourth|fifth) step))\W*$",
        r"^(?:so |ok(?:ay)?,? |and )*(?:what (?:should|can|do|could|must) (?:i|we) (?:do|try|change)|what(?:'s| is)? next|what now|now what|next steps?|next"
        r"|how (?:do|can|should|would) (?:i|we) (?:fix|solve|cure|repair|proceed).*|(?:can|could|will) you (?:fix|solve|repair) .*|fix (?:it|this|my code)|(?:is there )?a? ?(?:fix|solution))(?: first| next| now)?\W*$",
        r"^how (?:do|can|should|would) (?:i|we) (?:do|apply|verify|check|test) (?P<about>(?:step ?\d+|that|it|this))\W*$",
    ),
)
