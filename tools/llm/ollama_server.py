"""Ollama over HTTP: one exchange at a time, and what goes wrong with it in the words of errors.py.

What the server answers and how it fails: docs.ollama.com/api and docs.ollama.com/api/errors.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from misrun.tools.llm.errors import ModelError, ModelFailed, ModelMissing, RequestRefused
from misrun.tools.llm.host import is_loopback
from misrun.tools.llm.quoted import one_line

# A server on this machine or in this network takes a connection at once, or not at all.
_CONNECT_SECONDS = 5.0
# Too many requests, and a request that the server gave up waiting for; everything from 500 on passes as well.
_PASSING = {408, 429}
_QUOTED_CHARACTERS = 300


class PassingFailure(ModelFailed):
    """A failure that may be gone at the next try."""


class OllamaServer:
    """One server. `silence` is the longest wait, in seconds, for the next piece of an answer."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self._transport = transport

    async def answer(self, method: str, path: str, silence: float, body: Any = None) -> dict[str, Any]:
        """The one object that an exchange ends with."""
        async with self._response(method, path, silence, body) as response:
            return self._object((await response.aread()).decode(errors="replace"))

    async def parts(self, path: str, body: dict[str, Any], silence: float) -> AsyncGenerator[dict[str, Any], None]:
        """The objects of a streamed answer, up to and with the one that is done."""
        async with self._response("POST", path, silence, body) as response:
            async for line in _lines(response):
                part = self._object(line)
                if "error" in part:
                    raise PassingFailure(f"{self.url} broke off: {one_line(part['error'], _QUOTED_CHARACTERS)}.")
                yield part
                if part.get("done"):
                    return
        raise PassingFailure(f"{self.url} ended its answer in the middle.")

    @asynccontextmanager
    async def _response(self, method: str, path: str, silence: float, body: Any) -> AsyncIterator[httpx.Response]:
        try:
            async with self._client(silence) as client, client.stream(method, path, json=body) as response:
                if response.status_code >= 400:
                    raise self._refusal(response.status_code, (await response.aread()).decode(errors="replace"))
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ModelMissing(
                f"No Ollama server answers at {self.url}. Start one with `ollama serve`, or set OLLAMA_HOST."
            ) from error
        except httpx.TimeoutException as error:
            raise PassingFailure(f"{self.url} said nothing for {silence:.0f} s.") from error
        except httpx.HTTPError as error:
            raise PassingFailure(
                f"The connection to {self.url} broke: {one_line(error, _QUOTED_CHARACTERS)}."
            ) from error

    def _client(self, silence: float) -> httpx.AsyncClient:
        # A proxy named in the environment is for other machines than this one.
        return httpx.AsyncClient(
            base_url=self.url,
            timeout=httpx.Timeout(silence, connect=_CONNECT_SECONDS),
            transport=self._transport,
            trust_env=not is_loopback(self.url),
        )

    def _refusal(self, status: int, text: str) -> ModelError:
        said = _error_of(text)
        if status == 404 and "model" in said:
            return ModelMissing(f"{self.url}: {said}. Install it with `ollama pull`, or name another model.")
        if status == 404:
            return self._stranger()
        if status in _PASSING or status >= 500:
            return PassingFailure(f"{self.url} answered {status}: {said or 'no reason given'}.")
        return RequestRefused(f"{self.url} refused the request ({status}): {said or 'no reason given'}.")

    def _object(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise self._stranger() from error
        if not isinstance(value, dict):
            raise self._stranger()
        return value

    def _stranger(self) -> ModelMissing:
        return ModelMissing(f"{self.url} does not speak Ollama's API. Set OLLAMA_HOST to an Ollama server.")


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines that end in a line feed and nothing else: httpx also splits at U+0085, which may stand inside of JSON."""
    rest = b""
    async for block in response.aiter_bytes():
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if line.strip():
                yield line.decode(errors="replace")
    if rest.strip():
        yield rest.decode(errors="replace")


def _error_of(text: str) -> str:
    """The server's own words about what is wrong; empty when there are none."""
    try:
        said = json.loads(text).get("error", "")
    except (ValueError, AttributeError):  # an HTML page, a bare string
        return ""
    return one_line(said, _QUOTED_CHARACTERS).rstrip(".")
