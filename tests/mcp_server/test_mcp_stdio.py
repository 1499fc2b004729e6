"""The server as assistants start it: a process that speaks over standard input and output."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

COMMAND = [sys.executable, "-m", "misrun", "mcp"]


def _conversation(project: Path, talk: Callable[[Client], Awaitable[None]]) -> None:
    arguments = [*COMMAND[1:], "--root", str(project)]
    server = StdioServerParameters(command=COMMAND[0], args=arguments, cwd=project, env=dict(os.environ))

    async def main() -> None:
        async with Client(stdio_client(server)) as client:
            await talk(client)

    anyio.run(main)


def test_the_official_client_lists_and_calls_tools_over_stdio(project: Path) -> None:
    async def talk(client: Client) -> None:
        assert len((await client.list_tools()).tools) == 11
        found = await client.call_tool("inspect_code", {"path": "run"})
        assert "train.py:8" in found.content[0].text
        assert (await client.call_tool("inspect_code", {"path": "/etc"})).is_error

    _conversation(project, talk)


@pytest.mark.slow
def test_a_whole_investigation_over_stdio(project: Path) -> None:
    async def talk(client: Client) -> None:
        result = await client.call_tool("investigate", {"path": "run"})
        found = result.structured_content or {}
        assert "step 40" in found["template"]["symptom"]["value"], result.content
        assert (await client.read_resource(found["report"])).contents

    _conversation(project, talk)


def test_lines_that_are_no_messages_do_not_end_it(project: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    lines = [b"not json", b'{"jsonrpc": "2.0", "id": 9, "method": 7}', b"\xff\xfe", json.dumps(hello).encode()]
    done = subprocess.run(
        COMMAND, input=b"\n".join(lines) + b"\n", cwd=project, capture_output=True, timeout=60, check=False
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["result"]["serverInfo"]["name"] for a in answers if a.get("id") == 1] == ["misrun"]


def test_a_root_that_is_no_folder_is_said_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--root", str(tmp_path / "none")], capture_output=True, timeout=60, check=False, text=True
    )
    assert done.returncode == 2 and "is no folder" in done.stderr and not done.stdout
