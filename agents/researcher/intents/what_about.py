"""A cause that the user names: where it stands, and what speaks for and against it in this run."""

from misrun.agents.report import Report
from misrun.agents.researcher.answer import Answer, Line, places, source, step_number
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.why import grounds
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.topic import modes_named
from misrun.agents.verdict_words import mode_name, share
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import MODES


def answer_about(heard: Heard, room: Room, intent: str) -> Answer:
    """Where the cause named in `heard.about` stands."""
    report = room.report
    assert report is not None
    modes = modes_named(heard.about, report.hypotheses)
    if not modes:
        return _no_known_cause(heard, room, intent)
    ranked = {h.mode: (place, h) for place, h in enumerate(report.hypotheses, start=1)}
    mode = next((m for m in modes[:3] if m in ranked and ranked[m][1].likelihood >= 0.05), modes[0])
    place, hypothesis = ranked.get(mode, (0, None))
    lines = [] if hypothesis is None else grounds(hypothesis)
    lines += _against_leading(report, mode) + _steps(report, mode)
    lines.append(Line(text=f"It would be settled by: {MODES[mode].settled_by}.", look="note"))
    return Answer(
        intent=intent, head=_standing(mode, place, hypothesis), lines=tuple(lines), report=report.id, worded=True
    )


def _standing(mode: str, place: int, hypothesis: Hypothesis | None) -> str:
    name = mode_name(mode).capitalize()
    if hypothesis is None:
        return f"{name}: nothing in this run speaks for it. {MODES[mode].definition}"
    leading = "the leading cause" if place == 1 else f"number {place} of the causes"
    state = "ruled out" if hypothesis.status == "eliminated" else hypothesis.status
    return f"{name}: {leading}, likelihood {share(hypothesis.likelihood)}, {state}. {MODES[mode].definition}"


def _against_leading(report: Report, mode: str) -> list[Line]:
    leading = report.hypotheses[0] if report.hypotheses else None
    if leading is None or leading.mode == mode or not leading.supporting:
        return []
    because = leading.supporting[0]
    text = f"{mode_name(leading.mode).capitalize()} ({share(leading.likelihood)}) explains more: {because.text}"
    return [Line(text=text, cites=places(*because.spans[:3]), look="item")]


def _steps(report: Report, mode: str) -> list[Line]:
    found = [(n, s) for n, s in enumerate(report.steps, start=1) if s.mode == mode]
    return [Line(text=f"Step {n} is about it: {s.what}", cites=(step_number(n),), look="item") for n, s in found[:1]]


def _no_known_cause(heard: Heard, room: Room, intent: str) -> Answer:
    """The knowledge is asked for what is no cause by name."""
    found = [(entry, score) for entry, score in room.search(heard.about, 3) if score >= 0.35] if heard.about else []
    lines = [
        Line(text=f"{entry.title}: {entry.cause}", cites=(source(entry.id, entry.url),), look="item")
        for entry, _ in found
    ]
    head = f'Nothing measured in this run is about "{heard.about[:60]}".'
    if lines:
        return Answer(intent=intent, head=f"{head} What is known elsewhere:", lines=tuple(lines), worded=True)
    known = Line(
        text="Name a cause (learning rate, leakage, dtype ...), or /why for those that were weighed.", look="note"
    )
    return Answer(intent=intent, head=head, lines=(known,))


def _tell(heard: Heard, room: Room) -> Answer:
    return answer_about(heard, room, "what_about")


INTENT = Intent(
    name="what_about",
    meaning="asks whether some cause is possible, or suspects one",
    tell=_tell,
    needs_report=True,
    says=(
        r"^(?:and |but |ok(?:ay)?,? )*(?:what|how) about (?P<about>.+)$",
        r"^(?:and |but )*(?:could|can|might|may) (?:it|this|that) (?:also |still |maybe )?be (?P<about>.+)$",
        r"^(?:and |but )*(?:could|can|might|may) (?P<about>.+?) (?:be|explain|cause) (?:the |this|that|it)\b.*$",
        r"^(?:and |but )*(?:is|isn'?t|was) (?:it|this|that) (?:maybe |perhaps |possibly |not |really )*(?:because of |due to |caused by )?"
        r"(?P<about>(?!normal|ok\b|worth|safe).+\?)$",
        r"^(?:maybe|perhaps|i (?:think|suspect|guess|bet|believe|would say)(?: that)?|my (?:guess|hunch|theory) is(?: that)?|looks like|sounds like)"
        r",? (?:it'?s |it is |the problem is |this is )?(?P<about>.+)$",
    ),
)
