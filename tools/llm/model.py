"""What misrun asks of a language model, whichever it is: a chat turn, streamed, and embeddings.

Structured answers are built on top of a chat turn (answers.py), budgets and recordings around any model (budget.py,
cassette.py).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from pydantic import field_validator

from misrun.tools.record import Record
from misrun.tools.redact.redactor import Redactor

Role = Literal["system", "user", "assistant"]
# Called with every piece of text as it arrives.
Listener = Callable[[str], None]
# Asked several times a second; True stops the request.
StopAsked = Callable[[], bool]


class Message(Record):
    """One turn of a conversation. Only "system" instructs; text from a run goes into "user" as marked data.

    Runs are redacted when they are read; here once more, for whatever else gets into a prompt or a recording."""

    role: Role
    content: str

    @field_validator("content")
    @classmethod
    def _without_secrets(cls, content: str) -> str:
        return Redactor().text(content)


class Limits(Record):
    """What one request may cost. `context_tokens` holds prompt and reply together, as models count."""

    # Ollama itself waits five minutes for a model to load (OLLAMA_LOAD_TIMEOUT), and two busy CPU cores were seen to
    # take two minutes over a prompt of 2,300 tokens.
    seconds: float = 480.0
    # The longest wait for the next piece of text, the first one included, before the request is tried again.
    silence: float = 300.0
    reply_tokens: int = 512
    # Ollama alone would take 4096 on a small machine (docs.ollama.com/context-length) and cut the prompt silently.
    context_tokens: int = 8192


class ChatRequest(Record):
    """One request. `answer_schema` (JSON schema) constrains the reply's form where the server can do that."""

    messages: tuple[Message, ...]
    answer_schema: dict[str, Any] | None = None
    temperature: float = 0.0
    seed: int = 0
    limits: Limits = Limits()


class Reply(Record):
    """What came back. `cut` means that the reply ended because `reply_tokens` were used up."""

    text: str
    prompt_tokens: int = 0
    reply_tokens: int = 0
    seconds: float = 0.0
    cut: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.reply_tokens


def never() -> bool:
    """The StopAsked of a request that nobody can stop."""
    return False


class LanguageModel(Protocol):
    """A model behind some server. `chat` and `embed` block, and raise ModelError (errors.py) and nothing else for what
    the model or its server did. `unavailable` says why a request would be in vain, and what to do; None when ready."""

    @property
    def name(self) -> str: ...

    def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply: ...

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]: ...

    def unavailable(self) -> str | None: ...
