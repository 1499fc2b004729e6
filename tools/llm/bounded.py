"""Runs one asynchronous request from ordinary code, within a time and until somebody stops it.

Asynchronous inside, because only so can a request be left at once while the server says nothing: a small machine reads
a long prompt for a minute before the first word, and closing the connection is what tells the server to stop too.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from misrun.tools.llm.errors import BudgetSpent, Stopped
from misrun.tools.llm.model import StopAsked

T = TypeVar("T")
# How often `stop` is asked. A person does not notice a twentieth of a second.
_POLL_SECONDS = 0.05


def run_bounded(work: Coroutine[Any, Any, T], seconds: float, stop: StopAsked) -> T:
    """The result of `work`; raises BudgetSpent after `seconds`, Stopped once `stop()` is true. Ctrl-C goes through.

    Not for use inside a running event loop: call it from a thread of its own there.
    """
    return asyncio.run(_until(work, time.monotonic() + seconds, seconds, stop))


async def _until(work: Coroutine[Any, Any, T], deadline: float, seconds: float, stop: StopAsked) -> T:
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            if stop():
                raise Stopped("The request to the language model was stopped.")
            left = deadline - time.monotonic()
            if left <= 0:
                raise BudgetSpent(f"The language model did not finish within {seconds:.0f} s.")
            await asyncio.wait({task}, timeout=min(_POLL_SECONDS, left))
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
