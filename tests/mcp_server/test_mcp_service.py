"""Long work: bounded in time, few at once, and calls that come together are all answered."""

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from project_for_mcp import connected, log_text

from misrun.mcp.service import AT_A_TIME, Call, Options, Service, work


def _call() -> Call:
    service = Service(Options(), anyio.CapacityLimiter(AT_A_TIME))
    return cast(Call, SimpleNamespace(request_context=SimpleNamespace(lifespan_context=service)))


def test_work_that_takes_too_long_ends_with_advice() -> None:
    released = threading.Event()

    async def main() -> None:
        with pytest.raises(ToolError, match="smaller folder"):
            await work(_call(), lambda: released.wait(20), seconds=0.05)
        released.set()

    anyio.run(main)


def test_the_users_mistakes_keep_their_words_and_defects_stay_defects() -> None:
    def missing() -> None:
        raise FileNotFoundError("gone.log is not there")

    def defect() -> None:
        raise KeyError("x")

    async def main() -> None:
        with pytest.raises(ToolError, match=r"gone\.log"):
            await work(_call(), missing)
        with pytest.raises(KeyError):
            await work(_call(), defect)

    anyio.run(main)


def test_fifty_calls_at_once_are_all_answered(project: Path) -> None:
    heavy: tuple[tuple[str, dict[str, Any]], ...] = (
        ("characterize", {"text": log_text()}),
        ("search_literature", {"query": "loss becomes nan", "level": "1"}),
    )
    light: tuple[tuple[str, dict[str, Any]], ...] = (
        ("inspect_code", {"path": "run"}),
        ("trace_data_flow", {"path": "run"}),
        ("get_report", {"id": "00000000"}),
        ("inspect_code", {"path": "../elsewhere"}),
    )
    answered: Counter[tuple[str, bool]] = Counter()

    async def main() -> None:
        async with connected(project) as client:

            async def ask(name: str, arguments: dict[str, Any]) -> None:
                result = await client.call_tool(name, arguments)
                answered[name, bool(result.is_error)] += 1

            async with anyio.create_task_group() as group:
                for name, arguments in (*heavy * 5, *light * 10):
                    group.start_soon(ask, name, arguments)

    anyio.run(main)
    assert answered == {
        ("characterize", False): 5,
        ("search_literature", False): 5,
        ("inspect_code", False): 10,
        ("trace_data_flow", False): 10,
        ("get_report", True): 10,
        ("inspect_code", True): 10,
    }
