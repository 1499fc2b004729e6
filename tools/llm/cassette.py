"""Records what a model answered and plays it back: tests without a server, evaluations that go on where they stopped.

One JSON object per line, request and reply in full, so that a stored answer can be read and traced by hand.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from misrun.tools.llm.model import ChatRequest, LanguageModel, Listener, Reply, StopAsked, never
from misrun.tools.record import Record

# What changes how long an answer may take does not change the answer.
_NOT_IN_THE_KEY = {"limits": {"seconds", "silence"}}


class UnseenRequest(LookupError):
    """Nothing was recorded for this request. No ModelError: nobody may take it for a model that fails."""


class Take(Record):
    """One recorded exchange."""

    key: str
    model: str
    request: ChatRequest
    reply: Reply


class Cassette:
    """Plays what `path` holds; asks `model` for the rest and records it. Without a model, the rest is an error."""

    def __init__(self, path: Path, model: LanguageModel | None = None, name: str = "") -> None:
        """`name` is the recorded model's, needed only without a model."""
        self.name = model.name if model is not None else name
        self._path, self._model = path, model
        self._replies = {take.key: take.reply for take in _read(path)}

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
        """The recorded reply, passed to `listen` in one piece; or a new one."""
        key = _key(self.name, request)
        if (known := self._replies.get(key)) is not None:
            if listen is not None:
                listen(known.text)
            return known
        if self._model is None:
            raise UnseenRequest(f"{self._path.name} holds no answer of {self.name} to: {request.messages[-1].content}")
        reply = self._model.chat(request, listen=listen, stop=stop)
        self._keep(Take(key=key, model=self.name, request=request, reply=reply))
        return reply

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Not recorded: vectors are cheap to make again and long to store."""
        if self._model is None:
            raise UnseenRequest(f"{self._path.name} holds no vectors")
        return self._model.embed(texts)

    def unavailable(self) -> str | None:
        return None if self._model is None else self._model.unavailable()

    def _keep(self, take: Take) -> None:
        self._replies[take.key] = take.reply
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # One write of one line, so that processes that share the file do not mix their lines.
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(take.model_dump_json() + "\n")


def _key(name: str, request: ChatRequest) -> str:
    content = json.dumps([name, request.model_dump(mode="json", exclude=_NOT_IN_THE_KEY)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _read(path: Path) -> list[Take]:
    """The exchanges of a file; a line cut short by an interruption is left out."""
    lines = path.read_text("utf-8").split("\n") if path.is_file() else []
    return [Take.model_validate(fields) for line in lines if (fields := _fields(line)) is not None]


def _fields(line: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None
