"""The user does not have what was asked for: it is not asked again, and the answer is the best without it."""

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room


def _change(_: Heard, room: Room) -> Case | Answer:
    case = room.case
    if case is None or not case.asked:
        return Answer(
            intent="decline",
            head="All right; nothing is waiting for it.",
            lines=(Line(text="A pasted piece of the log is enough to start."),) if case is None else (),
        )
    return case.model_copy(update={"declined": (*case.declined, case.asked), "asked": ""})


INTENT = Intent(
    name="decline",
    meaning="does not have what was asked for, or does not know it",
    change=_change,
    command="skip",
    says=(
        r"^(?:sorry,? |no,? |well,? )*(?:i|we) (?:do not|don'?t|did not|didn'?t|cannot|can'?t|could not|couldn'?t)"
        r" (?:have|know|log(?:ged)?|record(?:ed)?|keep|kept|get|save|share|find|provide)\b.{0,60}$",
        r"^(?:no idea|not available|not logged|skip(?: (?:it|that|this))?|dunno|n/?a|none|no)\W*$",
        r"^(?:it|that|this)(?:'s| is| was)? (?:not|n'?t) (?:available|logged|recorded|there)\W*$",
    ),
)
