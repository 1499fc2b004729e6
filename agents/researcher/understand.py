"""From a message to an intent, by rules: commands, then what is said clearly, then what the text is."""

from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.table import BY_COMMAND, BY_NAME, INTENTS
from misrun.agents.researcher.message import Message, read_message
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.topic import modes_named
from misrun.tools.readers.registry import read_text

# A longer line is no question; patterns are held against short ones only.
_LONGEST_QUESTION = 400
# What is said of a path is only that it is meant.
_LOOSE = frozenset({"what_about", "value", "search", "tried", "helped", "code"})
_ATTEMPT, _SAID = "said_tried", "said_"


def understand(text: str, room: Room, turn: int, folder: str) -> tuple[Intent, Heard]:
    """The intent of a message and what it is about; "unknown" where no rule speaks."""
    message = read_message(text, frozenset(BY_COMMAND))
    if message.command:
        return BY_COMMAND[message.command], _heard(message, message.about, turn, folder)
    found = _said_clearly(message)
    if found is None:
        return BY_NAME[_by_kind(message, room)], _heard(message, message.about, turn, folder)
    intent, about = found
    return intent, _heard(message, about, turn, folder)


def _heard(message: Message, about: str, turn: int, folder: str) -> Heard:
    return Heard(text=message.text, about=about, path=message.path, material=message.material, turn=turn, folder=folder)


def _said_clearly(message: Message) -> tuple[Intent, str] | None:
    if "\n" in message.about or len(message.about) > _LONGEST_QUESTION:
        return None
    for intent in INTENTS:
        about = intent.about(message.about)
        if about is None or (message.path and intent.name in _LOOSE) or (message.material and intent.name in _LOOSE):
            continue
        if intent.name == "value" and not _names_something(about):
            continue
        return intent, about
    return None


def _names_something(about: str) -> bool:
    return about.lower() not in ("it", "this", "that", "up", "going on", "wrong")


def _by_kind(message: Message, room: Room) -> str:
    """What the text is: a path or material is supplied; a complaint in the user's words is material, too."""
    if message.path or message.material:
        return "supply"
    said = {event.name for event in read_text(message.about).events if event.name.startswith(_SAID)}
    if said - {_ATTEMPT} and not message.about.rstrip().endswith("?"):
        return "supply"
    if _ATTEMPT in said and "\n" not in message.about:
        return "tried"
    if _answers_the_question(message, room):
        return "supply"
    return "what_about" if _asks_about_a_cause(message, room) else "unknown"


def _asks_about_a_cause(message: Message, room: Room) -> bool:
    return room.report is not None and message.about.rstrip().endswith("?") and bool(modes_named(message.about))


def _answers_the_question(message: Message, room: Room) -> bool:
    """Something was asked for, and a statement with a number or of several lines came."""
    if room.case is None or not room.case.asked or message.about.rstrip().endswith("?"):
        return False
    return "\n" in message.about or any(character.isdigit() for character in message.about)
