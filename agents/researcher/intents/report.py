"""The whole report: where it is, and its head; the face shows or writes it."""

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import headline


def _tell(_: Heard, room: Room) -> Answer:
    report = room.report
    assert report is not None
    field = report.characterization
    told = [(name, getattr(field, name)) for name in ("symptom", "started", "environment")]
    lines = [Line(text=f"{name.capitalize()}: {value.value}", look="item") for name, value in told if value.value]
    lines.append(
        Line(text=f"{len(report.steps)} steps, {len(report.findings)} code findings, {len(report.evidence)} sources.")
    )
    return Answer(intent="report", head=headline(report), lines=tuple(lines), report=report.id)


INTENT = Intent(
    name="report",
    meaning="asks for the report or a summary",
    tell=_tell,
    command="report",
    usage="[FILE]",
    needs_report=True,
    says=(
        r"^(?:please |can you |could you )*(?:show|give|print|write|make|send)?(?: me| us)? ?(?:the |a |an |full |whole |short )*(?:report|summary|recap|overview|verdict|diagnosis)\W*$",
        r"^(?:please |can you )*summari[sz]e\b.*$",
    ),
)
