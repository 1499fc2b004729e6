"""Words that ask for nothing about the run: greetings, thanks, good-bye, help."""

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room

_EXAMPLES = (
    "a path (runs/exp42), a pasted log or traceback, settings, code",
    '"I tried a lower learning rate", "what about leakage", "why not warmup"',
    '"explain step 2", "show the source", "which line", "loss at step 300"',
)
COMMANDS = (
    "/investigate [RUN]  /why  /step [N]  /evidence [N]  /code [FILE[:LINE]]",
    "/tried TEXT  /skip  /missing  /compare RUN  /search WORDS  /new",
    "/report [FILE]  /export FILE  /sessions  /model [NAME | off]  /quit",
)


def how_to_ask() -> tuple[Line, ...]:
    return tuple(Line(text=example, look="item") for example in _EXAMPLES)


def _help(_: Heard, room: Room) -> Answer:
    start = "Say what you want to know, or give me more of the run:" if room.report else "Give me the run:"
    commands = tuple(Line(text=command, look="note") for command in COMMANDS)
    return Answer(intent="help", head=start, lines=(*how_to_ask(), *commands))


def _hello(_: Heard, room: Room) -> Answer:
    if room.report is None:
        return Answer(intent="hello", head="Paste the end of the log, or give the folder of the run.")
    return Answer(
        intent="hello", head=f"Still at {room.case.name if room.case else 'the run'}. Ask, or paste more of it."
    )


def _thanks(_: Heard, room: Room) -> Answer:
    verify = room.report.steps[0].verify if room.report and room.report.steps else ""
    lines = (Line(text=f"When it is done, check: {verify}"),) if verify else ()
    return Answer(intent="thanks", head="You are welcome.", lines=lines)


def _new(_: Heard, room: Room) -> Answer:
    kept = (
        (Line(text=f'{room.case.name} stays in this conversation: "back to {room.case.name}".'),) if room.case else ()
    )
    return Answer(intent="new", head="A new run: paste its log, or give its folder.", lines=kept)


def _quit(_: Heard, _room: Room) -> Answer:
    return Answer(intent="quit", head="The conversation is kept.", ends=True)


HELP = Intent(
    name="help", meaning="asks what can be asked", tell=_help, command="help",
    says=(r"^(?:help|\?|what can (?:you|i) (?:do|ask).*|how does this work|usage|commands)\W*$",),
)  # fmt: skip
HELLO = Intent(
    name="hello", meaning="greets", tell=_hello,
    says=(r"^(?:hi|hello|hey|yo|good (?:morning|evening|day|night))\b.{0,20}$",),
)  # fmt: skip
THANKS = Intent(
    name="thanks", meaning="thanks, or agrees", tell=_thanks,
    says=(r"^(?:thanks?|thank you|thx|cheers|great|perfect|nice|cool|ok(?:ay)?|got it|i see|understood|makes sense|will do)\b.{0,30}$",),
)  # fmt: skip
NEW = Intent(name="new", meaning="begins with another run", tell=_new, command="new")
QUIT = Intent(
    name="quit", meaning="ends the conversation", tell=_quit, command="quit",
    says=(r"^(?:quit|exit|bye|good ?bye|:q)\W*$",),
)  # fmt: skip
