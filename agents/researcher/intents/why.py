"""What speaks for and against the leading cause."""

from misrun.agents.researcher.answer import Answer, Line, places
from misrun.agents.researcher.intents.findings import ground_line
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import headline, mode_name, share
from misrun.tools.diagnosis.hypothesis import Hypothesis

_MOST_FOR, _MOST_AGAINST, _MOST_OTHERS = 4, 3, 3


def grounds(hypothesis: Hypothesis) -> list[Line]:
    """Reasons for, strongest first as they stand, then reasons against."""
    lines = [ground_line(ground, "+") for ground in hypothesis.supporting[:_MOST_FOR]]
    return lines + [ground_line(ground, "-") for ground in hypothesis.opposing[:_MOST_AGAINST]]


def _tell(_: Heard, room: Room) -> Answer:
    report = room.report
    assert report is not None
    if not report.hypotheses:
        symptom = report.characterization.symptom
        lines = (Line(text=symptom.value, cites=places(*symptom.spans[:3]), look="item"),) if symptom.value else ()
        return Answer(intent="why", head=headline(report), lines=lines, report=report.id)
    leading = next((h for h in report.hypotheses if h.mode == report.verdict.mode), report.hypotheses[0])
    others = [h for h in report.hypotheses if h is not leading][:_MOST_OTHERS]
    ranked = [Line(text=f"{share(h.likelihood)} {mode_name(h.mode)} ({h.status})", look="note") for h in others]
    return Answer(
        intent="why",
        head=headline(report),
        lines=(*grounds(leading), *ranked),
        report=report.id,
        worded=True,
    )


INTENT = Intent(
    name="why",
    meaning="asks why, or how it is known",
    tell=_tell,
    command="why",
    needs_report=True,
    says=(
        r"^(?:but |and |so |ok(?:ay)?,? )*why\W*$",
        r"^why (?:do you (?:think|say|believe)|that|this|is (?:that|this|it)|exactly|did (?:it|this|that) (?:happen|fail)).{0,60}$",
        r"^(?:how (?:do|can) you (?:know|tell)|what makes you (?:think|say|so sure)|because of what|what is the cause"
        r"|what'?s the cause|what (?:happened|went wrong|is wrong)|what'?s wrong)\b.{0,60}$",
        r"^(?:but |and |so )*why (?:is|are|does|do|did|was|were|has|have) (?!not\b|it not\b).+$",
        r"^(?:please |can you )?explain(?: why| that| it| this| the (?:cause|failure|problem|error))?\W*$",
    ),
)
