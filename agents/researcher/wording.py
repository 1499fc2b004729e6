"""An answer in a language model's words: sentence by sentence as they come, each checked before it is shown."""

import json
import queue
import re
import threading
from collections.abc import Iterator

from pydantic import ValidationError

from misrun.agents.researcher.answer import Answer, Checked, Citation, Dropped, Line, Spoken
from misrun.agents.researcher.checker import reason_to_drop
from misrun.agents.researcher.facts import Fact, facts_of
from misrun.prompts.render import load_prompt
from misrun.tools.llm.answers import request_of
from misrun.tools.llm.context import Line as Fitting
from misrun.tools.llm.context import fitted
from misrun.tools.llm.errors import ModelError
from misrun.tools.llm.model import ChatRequest, LanguageModel, Limits, StopAsked
from misrun.tools.record import Record

# The answer is on the screen already: a model that takes longer than this is in the way. Small machines read the few
# hundred tokens of the prompt in well under a minute (reference: 24 tokens/s written, several times that read).
LIMITS = Limits(seconds=120.0, silence=60.0, reply_tokens=400, context_tokens=4096)
_ROOM = 1800
_QUESTION_CHARACTERS = 600
_SENTENCE = re.compile(r"\{[^{}]*\}")
# Where one sentence ends and the next begins: each is checked for itself.
_ONE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_MOST_SENTENCES = 4


class _Sentence(Record):
    facts: tuple[str, ...]
    text: str


def worded(
    model: LanguageModel, question: str, answer: Answer, *, healthy: bool, stop: StopAsked
) -> Iterator[Spoken | Checked]:
    """What the model says of an answer, as far as it checks out; last, what became of all of it."""
    facts = {fact.id: fact for fact in facts_of(answer)}
    kept: list[str] = []
    dropped: list[Dropped] = []
    failure = ""
    try:
        for sentence in _sentences(model, _request(question, facts), stop):
            reason = reason_to_drop(sentence.text, sentence.facts, facts, healthy=healthy)
            if reason or sentence.text in kept:
                dropped.append(Dropped(text=sentence.text[:300], reason=reason or "it was said already"))
            elif len(kept) < _MOST_SENTENCES:
                kept.append(sentence.text)
                yield Spoken(line=Line(text=sentence.text, cites=_cites(sentence, facts)))
    except ModelError as error:
        failure = str(error)
    if not (kept or dropped or failure):
        failure = f"{model.name} gave no usable sentence."
    yield Checked(model=model.name, task="wording", kept=len(kept), dropped=tuple(dropped), failure=failure)


def _request(question: str, facts: dict[str, Fact]) -> ChatRequest:
    shown = fitted([Fitting(fact.shown, -n) for n, fact in enumerate(facts.values())], _ROOM)
    data = {"question": question[:_QUESTION_CHARACTERS], "facts": shown}
    return request_of(load_prompt("chat_wording").render(data=data, choices={"ids": list(facts)}), LIMITS)


def _cites(sentence: _Sentence, facts: dict[str, Fact]) -> tuple[Citation, ...]:
    return tuple(dict.fromkeys(cite for name in sentence.facts for cite in facts[name].cites))[:3]


def _sentences(model: LanguageModel, request: ChatRequest, stop: StopAsked) -> Iterator[_Sentence]:
    """The sentences of a reply, each as soon as its object is closed."""
    text, done = "", 0
    for piece in _pieces(model, request, stop):
        text += piece
        for found in _SENTENCE.finditer(text, done):
            done = found.end()
            if (sentence := _parsed(found[0])) is not None:
                yield from (sentence.model_copy(update={"text": part}) for part in _ONE.split(sentence.text.strip()))


def _parsed(text: str) -> _Sentence | None:
    try:
        return _Sentence.model_validate(json.loads(text))
    except (ValueError, ValidationError):  # an object of another shape, prose in braces
        return None


def _pieces(model: LanguageModel, request: ChatRequest, stop: StopAsked) -> Iterator[str]:
    """The reply piece by piece; raises what the model raises. The request runs on a thread of its own, because it
    blocks while it tells its listener."""
    heard: queue.Queue[str | Exception | None] = queue.Queue()

    def ask() -> None:
        try:
            model.chat(request, listen=heard.put, stop=stop)
            heard.put(None)
        except Exception as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            heard.put(error)

    threading.Thread(target=ask, daemon=True).start()
    while (piece := heard.get()) is not None:
        if isinstance(piece, Exception):
            raise piece
        yield piece
