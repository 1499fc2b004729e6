"""Models that talk to a conversation: an honest one, and every way to be useless or worse."""

import json
import re
from collections.abc import Callable, Sequence

from misrun.tools.llm.errors import BudgetSpent, ModelFailed
from misrun.tools.llm.model import ChatRequest, Listener, Reply, StopAsked, never

FACT = re.compile(r"^(F\d+) (?:proposed step: )?(.*?)(?: \[[^\[\]]*\])?$", re.M)


class Talker:
    """Gives what `words` makes of the question and the facts it was shown; keeps its requests."""

    name = "talker"

    def __init__(self, words: Callable[[dict[str, str]], str], reading: str = "") -> None:
        self._words = words
        self._reading = reading or json.dumps({"intent": "unknown", "about": "", "symptom": "", "tried": []})
        self.requests: list[ChatRequest] = []

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
        self.requests.append(request)
        is_reading = "intent" in (request.answer_schema or {}).get("properties", {})
        text = self._reading if is_reading else self._words(dict(FACT.findall(request.messages[-1].content)))
        if listen is not None:
            for start in range(0, len(text), 7):
                listen(text[start : start + 7])
        return Reply(text=text, reply_tokens=1)

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        raise AssertionError("a conversation embeds nothing with its model")

    def unavailable(self) -> str | None:
        return None


def sentences(*pairs: tuple[list[str], str]) -> str:
    return json.dumps({"sentences": [{"facts": facts, "text": text} for facts, text in pairs]})


def honest(facts: dict[str, str]) -> str:
    """Says the first two facts again."""
    return sentences(*((([name], text[:280])) for name, text in list(facts.items())[:2]))


def says(text: str, *names: str) -> Callable[[dict[str, str]], str]:
    """One sentence with these facts (the first by default), whatever they say."""
    return lambda facts: sentences(([*names] or [next(iter(facts))], text))


def garbage(_: dict[str, str]) -> str:
    return "As an AI, I believe {this is} [probably] fine!!1 {{{"


def fails(_: dict[str, str]) -> str:
    raise ModelFailed("http://127.0.0.1:1 answered 500: boom.")


def too_slow(_: dict[str, str]) -> str:
    raise BudgetSpent("The language model did not finish within 120 s.")
