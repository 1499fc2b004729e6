"""Structured answers: what a model wrote, made a validated record, with one repair round and then a typed failure.

Even where the server constrains the form, answers come with thoughts, fences and remarks around them: several models
forget the schema when thoughts are turned off (ollama issues 14645 and 15260), and a reply may be cut.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from misrun.prompts.render import Rendered, load_prompt
from misrun.tools.llm.errors import BadAnswer
from misrun.tools.llm.model import ChatRequest, LanguageModel, Limits, Message, Reply, StopAsked, never
from misrun.tools.llm.quoted import one_line
from misrun.tools.record import Record

Form = TypeVar("Form", bound=Record)
_THOUGHTS = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.S | re.I)
_END_OF_THOUGHTS = re.compile(r"\A.*</(?:think|thinking|thought|reasoning)>", re.S | re.I)
_OPEN_THOUGHTS = re.compile(r"<(?:think|thinking|thought|reasoning)>.*\Z", re.S | re.I)
# Objects that are tried out of one reply; a reply with more opening braces than this is no answer.
_MOST_OBJECTS = 50
_QUOTED_CHARACTERS = 160
# Of an unusable reply, what the model sees again.
_SHOWN_AGAIN = 2000


@dataclass(frozen=True)
class Answered(Generic[Form]):
    """A validated answer and what it cost."""

    value: Form
    repaired: bool
    tokens: int
    seconds: float


class _Unusable(ValueError):
    """Why a reply is no answer, in words for the model and for the user."""


def request_of(prompt: Rendered, limits: Limits | None = None) -> ChatRequest:
    """The request of a rendered prompt at temperature 0."""
    messages = (Message(role="system", content=prompt.system), Message(role="user", content=prompt.user))
    return ChatRequest(messages=messages, answer_schema=prompt.answer_schema, limits=limits or Limits())


def ask(model: LanguageModel, request: ChatRequest, form: type[Form], *, stop: StopAsked = never) -> Answered[Form]:
    """The answer to `request` as a `form`; raises BadAnswer when it is unusable twice, and what `model.chat` raises."""
    first = model.chat(request, stop=stop)
    try:
        return Answered(_parsed(first, form), False, first.tokens, first.seconds)
    except _Unusable as problem:
        second = model.chat(_repair(request, first, str(problem)), stop=stop)
    try:
        return Answered(_parsed(second, form), True, first.tokens + second.tokens, first.seconds + second.seconds)
    except _Unusable as problem:
        raise BadAnswer(f"{model.name} gave no usable answer, twice: {problem}") from problem


def without_thoughts(text: str) -> str:
    """A reply without its thoughts, whole ones, and those whose beginning or end is missing."""
    text = _THOUGHTS.sub("", text)
    return _OPEN_THOUGHTS.sub("", _END_OF_THOUGHTS.sub("", text)).strip()


def _repair(request: ChatRequest, reply: Reply, problem: str) -> ChatRequest:
    turn = load_prompt("repair_answer").render(data={"problem": problem})
    said = Message(role="assistant", content=without_thoughts(reply.text)[:_SHOWN_AGAIN])
    return request.model_copy(update={"messages": (*request.messages, said, Message(role="user", content=turn.user))})


def _parsed(reply: Reply, form: type[Form]) -> Form:
    text = without_thoughts(reply.text)
    first_problem = ""
    for candidate in _objects(text):
        try:
            return form.model_validate(candidate)
        except ValidationError as error:
            first_problem = first_problem or _in_words(error)
    if reply.cut:
        raise _Unusable("the answer was cut off because it was too long")
    raise _Unusable(first_problem or f"there is no JSON object in it, it says: {one_line(text, _QUOTED_CHARACTERS)!r}")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, outer ones before those inside of them."""
    decoder = json.JSONDecoder()
    for number, brace in enumerate(re.finditer(r"\{", text)):
        if number == _MOST_OBJECTS:
            return
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):  # a brace in prose; nesting that only garbage has
            continue
        if isinstance(value, dict):
            yield value


def _in_words(error: ValidationError) -> str:
    """The first three things that are wrong with the fields."""
    wrong = [f"{'.'.join(map(str, item['loc'])) or 'the object'}: {item['msg']}" for item in error.errors()[:3]]
    return "; ".join(wrong)
