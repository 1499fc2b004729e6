"""A language model behind Ollama (docs.ollama.com/api: chat, embed, tags)."""

import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Any

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from misrun.tools.llm.bounded import run_bounded
from misrun.tools.llm.errors import ModelError, ModelFailed
from misrun.tools.llm.host import base_url
from misrun.tools.llm.model import ChatRequest, Limits, Listener, Reply, StopAsked, never
from misrun.tools.llm.ollama_server import OllamaServer, PassingFailure

_LIST_SECONDS = 10.0
# The first try and two more: a server that fails three times in a row is down.
_ATTEMPTS = 3
_LONGEST_PAUSE = 8.0


class OllamaModel:
    """One model of one server. Nothing is sent before a call."""

    def __init__(
        self, name: str, host: str = "", *, pause: float = 1.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`host` as in OLLAMA_HOST; `pause` bounds the wait before the first retry, in seconds, and doubles after."""
        self.name = name
        self._server = OllamaServer(base_url(host), transport)
        self._pause = pause

    @property
    def host(self) -> str:
        """The address of its server."""
        return self._server.url

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
        """One reply; asked for again after a failure that may pass, unless `listen` has heard a part of it already."""
        return run_bounded(self._chat(request, listen), request.limits.seconds, stop)

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """One vector per text."""
        limits = Limits()
        return run_bounded(self._embed(list(texts), limits.silence), limits.seconds, never)

    def installed(self) -> dict[str, str]:
        """The server's models by name, with the digest of each."""
        return run_bounded(self._installed(), _LIST_SECONDS, never)

    def digest(self) -> str:
        """Which weights the name stands for on this server today; empty when it stands for none."""
        return {_tagged(name): digest for name, digest in self.installed().items()}.get(_tagged(self.name), "")

    def unavailable(self) -> str | None:
        """None when the model is ready to be asked; else why not, and what to do about it."""
        try:
            installed = self.installed()
        except ModelError as error:
            return str(error)
        return None if _tagged(self.name) in map(_tagged, installed) else self._not_installed(installed)

    def _not_installed(self, others: Iterable[str]) -> str:
        choice = ", ".join(sorted(others))
        advice = f"Run `ollama pull {self.name}`" + (f", or name one of these: {choice}." if choice else ".")
        return f"The model {self.name} is not installed on {self._server.url}. {advice}"

    async def _chat(self, request: ChatRequest, listen: Listener | None) -> Reply:
        async for attempt in self._attempts():
            with attempt:
                return await self._one_reply(request, listen)
        raise AssertionError("the last attempt returns or raises")

    async def _one_reply(self, request: ChatRequest, listen: Listener | None) -> Reply:
        began = time.perf_counter()
        pieces: list[str] = []
        try:
            async with aclosing(self._server.parts("/api/chat", self._body(request), request.limits.silence)) as parts:
                async for part in parts:
                    pieces.append(_text(part))
                    if listen is not None and pieces[-1]:
                        listen(pieces[-1])
                    # A piece is a token, of the answer or of hidden thoughts: a server may not know `num_predict`.
                    if len(pieces) > request.limits.reply_tokens:
                        break
        except PassingFailure as failure:
            if listen is None or not any(pieces):
                raise
            raise ModelFailed(f"{failure} A part of the answer had been shown already.") from failure
        return _reply(pieces, part, time.perf_counter() - began)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        limits = request.limits
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [message.model_dump() for message in request.messages],
            "stream": True,
            # Hidden thoughts would use up the reply's tokens. Some models then forget the schema (ollama issues 14645
            # and 15260), which is why answers.py reads JSON out of prose and repairs.
            "think": False,
            "options": {
                "temperature": request.temperature,
                "seed": request.seed,
                "num_predict": limits.reply_tokens,
                "num_ctx": limits.context_tokens,
            },
        }
        return body | ({"format": request.answer_schema} if request.answer_schema else {})

    async def _embed(self, texts: list[str], silence: float) -> tuple[tuple[float, ...], ...]:
        async for attempt in self._attempts():
            with attempt:
                body = {"model": self.name, "input": texts}
                return self._vectors(await self._server.answer("POST", "/api/embed", silence, body), len(texts))
        raise AssertionError("the last attempt returns or raises")

    def _vectors(self, answer: dict[str, Any], wanted: int) -> tuple[tuple[float, ...], ...]:
        vectors = answer.get("embeddings")
        if not isinstance(vectors, list) or len(vectors) != wanted:
            raise ModelFailed(f"{self._server.url} did not return {wanted} vectors. Is {self.name} made for embedding?")
        return tuple(tuple(float(number) for number in vector) for vector in vectors)

    async def _installed(self) -> dict[str, str]:
        models = (await self._server.answer("GET", "/api/tags", _LIST_SECONDS)).get("models") or []
        return {str(model["name"]): str(model.get("digest", "")) for model in models}

    def _attempts(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(PassingFailure),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=self._pause, max=_LONGEST_PAUSE),
            reraise=True,
        )


def _text(part: dict[str, Any]) -> str:
    return str((part.get("message") or {}).get("content") or "")


def _reply(pieces: Sequence[str], last: dict[str, Any], seconds: float) -> Reply:
    """A reply of all pieces; a stream that was left before its end counts as cut."""
    return Reply(
        text="".join(pieces),
        prompt_tokens=int(last.get("prompt_eval_count") or 0),
        reply_tokens=int(last.get("eval_count") or len(pieces)),
        seconds=round(seconds, 3),
        cut=last.get("done_reason") == "length" or not last.get("done"),
    )


def _tagged(name: str) -> str:
    """Ollama's full name of a model: "llama3.2" is "llama3.2:latest"."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
