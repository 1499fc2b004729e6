"""The MCP server as a client sees it: seconds from its start to the answer to `initialize`, and many calls at once.

    python benchmarks/mcp_server.py [runs] [calls]

Prints wall and processor time of the start, the same for the import of the SDK alone (no server can go below that),
and for the calls how many were answered and how long all of them took together.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

_SERVER = [sys.executable, "-m", "misrun", "mcp"]
_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}
_LOG = "\n".join(f"step {n}: loss={2.5 / n**0.3:.4f} grad_norm=0.9" for n in range(1, 200)) + "\nstep 200: loss=nan\n"
_CALLS = (
    ("diagnose", {"text": _LOG}),
    ("investigate", {"text": _LOG}),
    ("search_literature", {"query": "loss becomes nan in fp16"}),
    ("list_scenarios", {}),
    ("get_report", {"id": "00000000"}),
    ("inspect_code", {"path": "no/such/folder"}),
)


def imported() -> tuple[float, float]:
    """Wall and processor seconds of an interpreter that only imports the SDK's server."""
    began, used = time.perf_counter(), _children()
    subprocess.run([sys.executable, "-c", "import mcp.server"], check=True)
    return time.perf_counter() - began, _children() - used


def _children() -> float:
    now = os.times()
    return now.children_user + now.children_system


def start() -> tuple[float, float]:
    """Wall and processor seconds until the answer to `initialize`."""
    began, used = time.perf_counter(), _children()
    with subprocess.Popen(_SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdin and server.stdout
        server.stdin.write(json.dumps(_HELLO).encode() + b"\n")
        server.stdin.flush()
        assert b'"serverInfo"' in server.stdout.readline()
        wall = time.perf_counter() - began
        server.stdin.close()
    return wall, _children() - used


async def at_once(count: int) -> None:
    """Sends so many calls at once over stdio and counts the answers by tool."""
    answered: Counter[str] = Counter()
    parameters = StdioServerParameters(command=_SERVER[0], args=_SERVER[1:], cwd=Path.cwd(), env=dict(os.environ))
    async with Client(stdio_client(parameters)) as client:

        async def ask(number: int) -> None:
            name, arguments = _CALLS[number % len(_CALLS)]
            result = await client.call_tool(name, arguments)
            answered[f"{name}{' (an error, as it should)' if result.is_error else ''}"] += 1

        began = time.perf_counter()
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(ask, number)
        seconds = time.perf_counter() - began
    sys.stdout.write(f"{answered.total()} of {count} calls at once answered in {seconds:.1f} s: {dict(answered)}\n")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    for what, measure in (("import of the SDK", imported), ("start to initialize", start)):
        times = [measure() for _ in range(runs)]
        wall, used = (statistics.median(column) for column in zip(*times, strict=True))
        sys.stdout.write(f"{what}: median {wall:.2f} s, {used:.2f} s of processor time, {runs} runs\n")
    anyio.run(at_once, count)


if __name__ == "__main__":
    main()
