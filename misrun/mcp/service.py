"""What the person who started the server decided, and what its tools share while it runs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from misrun.agents.request import InvestigationError
from misrun.tools.redact.redactor import Redactor

if TYPE_CHECKING:
    from misrun.knowledge.index import KnowledgeIndex

Result = TypeVar("Result")

# Codex gives a tool 60 s by default (tool_timeout_sec, https://developers.openai.com/codex/config-reference); an answer
# has to be there before that.
MOST_SECONDS = 50.0
# Work is bound by the interpreter's lock: more at a time would only make each of them later. A judgement.
AT_A_TIME = 2


@dataclass(frozen=True)
class Options:
    """`roots` are the folders named at the start; without any the client is asked for its own where `asks_client`,
    and else the working folder is the root. `allow_run` lets `investigate` carry steps out in the sandbox."""

    roots: tuple[Path, ...] = ()
    asks_client: bool = True
    allow_run: bool = False


class HeldIndex:
    """Keeps the knowledge index open. Chroma shares one database among all who have it open; opening the first and
    closing the last while another thread does the same leaves one of them with half a database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: KnowledgeIndex | None = None

    def hold(self) -> None:
        """Opens it unless that was done; whoever opens it after this is safe."""
        from misrun.knowledge.index import open_index

        with self._lock:
            if self._index is None:
                self._index = open_index()


@dataclass(frozen=True)
class Service:
    """One per running server. `made` holds the ids of the reports it wrote."""

    options: Options
    heavy: anyio.CapacityLimiter
    index: HeldIndex = field(default_factory=HeldIndex)
    made: set[str] = field(default_factory=set)


Call = Context[Service, Any]


def service_of(call: Call) -> Service:
    service: Service = call.request_context.lifespan_context
    return service


async def work(call: Call, job: Callable[[], Result], seconds: float = MOST_SECONDS) -> Result:
    """The result of a long job, without secrets; done beside the event loop, AT_A_TIME at once, for at most `seconds`.

    What the caller can mend comes back as a ToolError with words; anything else is a defect and stays one.
    """
    async with service_of(call).heavy:
        try:
            with anyio.fail_after(seconds):
                return Redactor().item(await anyio.to_thread.run_sync(job, abandon_on_cancel=True))
        except TimeoutError as error:
            raise ToolError(
                f"Not done after {seconds:g} s. Give a smaller folder, the one log file that matters, or only the "
                "source folder; `investigate` hands back what is known when its time is up."
            ) from error
        except (InvestigationError, OSError) as error:
            raise ToolError(Redactor().text(str(error))) from error
