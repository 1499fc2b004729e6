"""A message that no rule understands, read by a language model as one of the known intents, in the user's own words."""

import re

from misrun.agents.researcher.answer import Checked, Dropped
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.table import BY_NAME
from misrun.agents.researcher.room import Room
from misrun.agents.verdict_words import headline
from misrun.prompts.render import Rendered, load_prompt
from misrun.tools.llm.answers import ask, request_of
from misrun.tools.llm.errors import ModelError
from misrun.tools.llm.model import LanguageModel, Limits, StopAsked
from misrun.tools.record import Record

# Somebody waits for the first word of the answer.
LIMITS = Limits(seconds=45.0, silence=30.0, reply_tokens=160, context_tokens=4096)
# What a model may take a message for: nothing that ends the conversation or that commands alone do.
_OFFERED = tuple(name for name in BY_NAME if name not in ("quit", "hello", "thanks", "open_run", "model"))
_MOST_CHARACTERS = 1200


class Reading(Record):
    """What a message means; all but the intent is quoted from it."""

    intent: str
    about: str = ""
    symptom: str = ""
    tried: tuple[str, ...] = ()


def read_by_model(model: LanguageModel, heard: Heard, room: Room, stop: StopAsked) -> tuple[Intent, Heard, Checked]:
    """The intent and what the message is about; "unknown" where the model fails or quotes what does not stand there."""
    unknown = BY_NAME["unknown"]
    try:
        reading = ask(model, request_of(_prompt(heard, room), LIMITS), Reading, stop=stop).value
    except ModelError as error:
        return unknown, heard, Checked(model=model.name, task="reading", failure=str(error))
    said = (reading.about, reading.symptom, *reading.tried)
    dropped = tuple(
        Dropped(text=text, reason="the message does not say so") for text in said if not _stands(text, heard)
    )
    tried = tuple(text for text in reading.tried if text and _stands(text, heard))
    about = reading.about if _stands(reading.about, heard) else ""
    known = reading.intent in _OFFERED and not (reading.intent == "tried" and not (tried or about))
    intent = BY_NAME[reading.intent] if known else unknown
    checked = Checked(model=model.name, task="reading", kept=int(intent is not unknown), dropped=dropped)
    update = {"about": about or (tried[0] if intent.name == "tried" and tried else heard.text), "tried": tried}
    return intent, heard.model_copy(update=update), checked


def _prompt(heard: Heard, room: Room) -> Rendered:
    intents = "\n".join(f"{name}: the person {BY_NAME[name].meaning}" for name in _OFFERED)
    situation = headline(room.report) if room.report else "nothing was investigated yet"
    return load_prompt("chat_reading").render(
        words={"intents": intents},
        data={"situation": situation, "message": heard.text[:_MOST_CHARACTERS]},
        choices={"intents": list(_OFFERED)},
    )


def _stands(text: str, heard: Heard) -> bool:
    return _plain(text) in _plain(heard.text)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()
