"""Why a cause does not lead, or why a change is not the first step."""

from misrun.agents.researcher.answer import Answer, Line, step_number
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.what_about import answer_about
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.topic import content_stems
from misrun.agents.step import NextStep


def _tell(heard: Heard, room: Room) -> Answer:
    """That it is proposed, where a step does so; else the standing of the cause."""
    proposed = _proposed(heard.about, room)
    if proposed is None:
        return answer_about(heard, room, "why_not")
    number, step = proposed
    cite = (step_number(number),)
    return Answer(
        intent="why_not",
        head=f"It is proposed, as step {number}: {step.what}",
        cites=cite,
        lines=(Line(text=step.why, cites=cite, look="item"), *_before(number, room)),
        worded=True,
    )


def _before(number: int, room: Room) -> list[Line]:
    """What goes before it, and by what the order is made."""
    assert room.report is not None
    steps = room.report.steps
    if number == 1:
        return []
    first, this = steps[0], steps[number - 1]
    numbers = (
        f"likelihood {first.likelihood:.2f} against {this.likelihood:.2f}, effort {first.effort} against {this.effort}"
    )
    return [Line(text=f"Step 1 goes before it ({numbers}): {first.what}", cites=(step_number(1),), look="item")]


def _proposed(about: str, room: Room) -> tuple[int, NextStep] | None:
    """The step that says what the user proposes, most of whose words it shares."""
    assert room.report is not None
    said = content_stems(about)
    for number, step in enumerate(room.report.steps, start=1):
        if said and len(said & content_stems(step.what)) >= max(2, 0.6 * len(said)):
            return number, step
    return None


INTENT = Intent(
    name="why_not",
    meaning="asks why something is not the cause, or why a change is not proposed",
    tell=_tell,
    needs_report=True,
    says=(
        r"^(?:but |and |so )*why (?:not|isn'?t it|is it not|couldn'?t it be|can'?t it be|wouldn'?t it be)(?: just| simply)? (?P<about>.+)$",
        r"^(?:but |and |so )*why (?:isn'?t|wouldn'?t|couldn'?t|doesn'?t|don'?t|can'?t|shouldn'?t) (?:it be |i |we |you )?(?P<about>.+)$",
        r"^(?:so )?(?:it'?s|it is) not (?P<about>.+\?)$",
    ),
)
