"""What would help most, and how sure the verdict is without it."""

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import headline, mode_name, share

FIELDS = ("symptom", "expected", "started", "tried", "environment")


def _tell(_: Heard, room: Room) -> Answer:
    report, case = room.report, room.case
    assert report is not None
    assert case is not None
    fields = [(name, getattr(report.characterization, name)) for name in FIELDS]
    gaps = [Line(text=f"{name}: {field.ask}", look="item") for name, field in fields if field.value is None]
    wanted = case.asked or report.verdict.missing
    head = f"Most of all: {wanted}." if wanted else "Nothing more is needed for this verdict."
    also = (Line(text="It would round the picture off to know:", look="plain"), *gaps) if gaps else ()
    return Answer(intent="missing", head=head, lines=also, report=report.id)


def _sure(_: Heard, room: Room) -> Answer:
    report = room.report
    assert report is not None
    ranked = [
        Line(text=f"{share(h.likelihood)} {mode_name(h.mode)} ({h.status})", look="item") for h in report.hypotheses[:4]
    ]
    missing = [Line(text=f"What would settle it: {report.verdict.missing}.")] if report.verdict.missing else []
    return Answer(intent="sure", head=headline(report), lines=(*ranked, *missing), report=report.id, worded=True)


INTENT = Intent(
    name="missing",
    meaning="asks what else would help",
    tell=_tell,
    command="missing",
    needs_report=True,
    says=(
        r"^(?:what|anything)(?: else| more| other)? (?:do you|would you|could i|can i|should i) (?:need|want|like|give|provide|supply|send|paste|share|add)\b.*$",
        r"^what(?:'s| is) (?:still )?missing\W*$",
        r"^what (?:would|could) help\b.*$",
    ),
)
SURE = Intent(
    name="sure",
    meaning="asks how sure the answer is",
    tell=_sure,
    needs_report=True,
    says=(
        r"^(?:but )?(?:how (?:sure|certain|confident|likely)|are you (?:really |absolutely )?(?:sure|certain|confident)|really|for sure|what are the odds)\b.{0,40}$",
        r"^(?:what are |show |list )?(?:the |all |your )?(?:other |possible |alternative )*(?:hypotheses|causes|candidates|alternatives|ranking)\W*$",
        r"^what else (?:could|might|can) (?:it|this|that) be\W*$",
    ),
)
