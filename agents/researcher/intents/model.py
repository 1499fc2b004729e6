"""Which language model is used, if any, and what it may do."""

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room

_RULES = (
    "It puts answers into other words and reads messages that the rules do not understand. Facts, numbers, citations and "
    "the ranking come from the records; what it says without a citation that checks out is dropped."
)


def _tell(_: Heard, room: Room) -> Answer:
    if room.model is None:
        return Answer(
            intent="model",
            head="No language model is used, and none is needed.",
            lines=(Line(text="/model NAME uses one of your Ollama server (NAME@URL for another server)."),),
        )
    trouble = room.model.unavailable()
    head = f"The language model is {room.model.name}, and it answers." if trouble is None else (
        f"The language model {room.model.name} cannot be asked; answers come without it."
    )  # fmt: skip
    lines = (Line(text=_RULES, look="note"),) if trouble is None else (Line(text=trouble, look="item"),)
    return Answer(intent="model", head=head, lines=lines)


INTENT = Intent(
    name="model",
    meaning="asks about the language model",
    tell=_tell,
    command="model",
    usage="[NAME | off]",
    says=(
        r"^(?:which|what) (?:language )?(?:model|llm|ai) (?:are you|do you|is).*$",
        r"^(?:are you|is this) (?:an? )?(?:ai|llm|bot|human|chatgpt|language model).*$",
    ),
)
