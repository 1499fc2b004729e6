"""A model that says what it was told to say, in order: for tests and for conversations that must repeat exactly."""

import re
from collections.abc import Iterable, Sequence

from misrun.tools.llm.errors import Stopped
from misrun.tools.llm.model import ChatRequest, Listener, Reply, StopAsked, never

_PIECE = re.compile(r"\s*\S+|\s+")


class ScriptEnded(AssertionError):
    """More was asked than the script holds. No ModelError: nobody may take it for a model that fails."""


class ScriptedModel:
    """Gives the script's texts one by one, and raises its exceptions; `requests` keeps what it was asked."""

    name = "scripted"

    def __init__(self, script: Iterable[str | Exception], vectors: Iterable[Sequence[float]] = ()) -> None:
        self._script = list(script)
        self._vectors = [tuple(vector) for vector in vectors]
        self.requests: list[ChatRequest] = []

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
        self.requests.append(request)
        if not self._script:
            raise ScriptEnded(
                f"the script is over, and request {len(self.requests)} asks: {request.messages[-1].content}"
            )
        said = self._script.pop(0)
        if isinstance(said, Exception):
            raise said
        for piece in _PIECE.findall(said):
            if stop():
                raise Stopped("The request to the language model was stopped.")
            if listen is not None:
                listen(piece)
        return Reply(text=said, prompt_tokens=len(request.messages), reply_tokens=len(said.split()))

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        if len(texts) > len(self._vectors):
            raise ScriptEnded(f"the script holds {len(self._vectors)} more vectors, and {len(texts)} are wanted")
        return tuple(self._vectors.pop(0) for _ in texts)

    def unavailable(self) -> str | None:
        return None
