"""Something cured the run: what that says about the cause, and how to be sure."""

import re

from misrun.agents.researcher.answer import Answer, Line, step_number
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import mode_name


def _tell(heard: Heard, room: Room) -> Answer:
    steps = room.report.steps if room.report else ()
    named = re.search(r"\bstep\s*(\d{1,2})\b", heard.text, re.I)
    number = int(named[1]) if named else 0
    if not 1 <= number <= len(steps):
        return Answer(
            intent="helped",
            head="Good. Change it back once: if the failure returns, that was the cause and not chance.",
            lines=(Line(text='Say which step it was ("step 2 fixed it") to see how to verify it.'),) if steps else (),
        )
    step = steps[number - 1]
    lines = [Line(text=f"To be sure: {step.verify}", cites=(step_number(number),))] if step.verify else []
    if step.displaced:
        lines.append(Line(text=f"This step only hides the cause: {step.displaced}", cites=(step_number(number),)))
    return Answer(intent="helped", head=f"Good: that points to {mode_name(step.mode)}.", lines=tuple(lines))


INTENT = Intent(
    name="helped",
    meaning="says that something cured the run",
    tell=_tell,
    says=(
        r"^(?!.*\b(?:not|no|never|nothing)\b|.*n't\b).*\b(?:that|it|this|step \d+)\b.{0,20}\b(?:fixed|solved|cured|worked|helped)\b.{0,20}$",
        r"^(?:it |that )?(?:works|solved|fixed)(?: it)?(?: now)?\W*(?:thanks?.*)?$",
    ),
)
