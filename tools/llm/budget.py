"""Holds a model to a number of tokens and a time, over all requests of a task."""

import time
from collections.abc import Sequence

from misrun.tools.llm.errors import BudgetSpent
from misrun.tools.llm.model import ChatRequest, LanguageModel, Listener, Reply, StopAsked, never


class Budgeted:
    """A model that raises BudgetSpent, before it asks, once `tokens` or `seconds` are used up.

    Tokens are those of prompts and replies; time counts while the model is asked, failures included. A request gets no
    more than what is left: the last one may be cut.
    """

    def __init__(self, model: LanguageModel, *, tokens: int, seconds: float) -> None:
        self.name = model.name
        self._model = model
        self.tokens_left, self.seconds_left = tokens, seconds

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
        self._check()
        began = time.monotonic()
        try:
            reply = self._model.chat(self._within(request), listen=listen, stop=stop)
        finally:
            self.seconds_left -= time.monotonic() - began
        self.tokens_left -= reply.tokens
        return reply

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        self._check()
        began = time.monotonic()
        try:
            return self._model.embed(texts)
        finally:
            self.seconds_left -= time.monotonic() - began

    def unavailable(self) -> str | None:
        return self._model.unavailable()

    def _check(self) -> None:
        if self.tokens_left <= 0 or self.seconds_left <= 0:
            spent = "tokens" if self.tokens_left <= 0 else "seconds"
            raise BudgetSpent(f"The {spent} allowed for the language model are used up; the rest is done without it.")

    def _within(self, request: ChatRequest) -> ChatRequest:
        limits = request.limits.model_copy(
            update={
                "seconds": min(request.limits.seconds, self.seconds_left),
                "reply_tokens": min(request.limits.reply_tokens, self.tokens_left),
            }
        )
        return request.model_copy(update={"limits": limits})
