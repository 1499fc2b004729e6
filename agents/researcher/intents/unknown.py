"""A message that means nothing known: the nearest things that are known are shown, and what can be asked."""

from misrun.agents.report import Report
from misrun.agents.researcher.answer import Answer, Line, places, source, step_number
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.talk import how_to_ask
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.topic import content_stems

# Of three words that say something, two have to be shared.
_SHARE = 0.5
# Entries below this were beside the point ("why is the loss constant": 0.38), those above mostly not (a judgement on ten
# messages).
_NEAR = 0.45
_SHOWN = 3


def _tell(heard: Heard, room: Room) -> Answer:
    near = _in_report(heard.text, room)
    if near:
        head = "This is what is known here that comes nearest to that:"
        return Answer(intent="unknown", head=head, lines=(*near, *_hint()), worded=True)
    found = (
        [(entry, score) for entry, score in room.search(heard.text[:300], 2) if score >= _NEAR] if _says(heard) else []
    )
    lines = [Line(text=f"{e.title}: {e.fix}", cites=(source(e.id, e.url),), look="item") for e, _ in found]
    if lines:
        where = (
            "Nothing in this run is about that; elsewhere this is known:" if room.report else "This is known about it:"
        )
        return Answer(intent="unknown", head=where, lines=(*lines, *_hint()), worded=True)
    start = (
        "I can answer from this run and from what is known. For instance:"
        if room.report
        else "To start, give me one of these:"
    )
    return Answer(intent="unknown", head=start, lines=how_to_ask())


def _says(heard: Heard) -> bool:
    return len(content_stems(heard.text)) >= 2


def _hint() -> tuple[Line, ...]:
    return (Line(text="/help shows what else can be asked.", look="note"),)


def _in_report(text: str, room: Room) -> list[Line]:
    """Lines of the report that share most of the message's words."""
    said = content_stems(text)
    if room.report is None or len(said) < 2:
        return []
    scored = [(len(said & content_stems(words)) / len(said), line) for words, line in _lines(room.report)]
    best = sorted((item for item in scored if item[0] >= _SHARE), key=lambda item: -item[0])
    return [line for _, line in best[:_SHOWN]]


def _lines(report: Report) -> list[tuple[str, Line]]:
    """What can be compared, and the line that is shown for it; steps are found by their reasons, too."""
    found = {ground.text: ground.spans for h in report.hypotheses for ground in (*h.supporting, *h.opposing)}
    found |= {signal.text: signal.spans for signal in report.signals}
    found |= {f"{finding.message} {finding.expected}": (finding.span,) for finding in report.findings}
    told = [(text, Line(text=text, cites=places(*spans[:3]), look="item")) for text, spans in found.items()]
    steps = enumerate(report.steps, start=1)
    cited = [
        (f"{s.what} {s.why}", Line(text=f"Step {n}: {s.what}", cites=(step_number(n),), look="item")) for n, s in steps
    ]
    return told + cited


INTENT = Intent(name="unknown", meaning="means something else", tell=_tell)
