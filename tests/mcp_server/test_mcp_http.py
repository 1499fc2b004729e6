"""Over HTTP: only with the token, only under a name of this machine."""

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from misrun.mcp.http import application
from misrun.mcp.server import build_server
from misrun.mcp.service import Options

TOKEN = "a-token-of-the-test"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
GOOD = {"Authorization": f"Bearer {TOKEN}", "Host": "127.0.0.1:8000"}


def _post(headers: dict[str, str], root: Path) -> httpx.Response:
    async def main() -> httpx.Response:
        server = build_server(Options(roots=(root,), asks_client=False))
        transport = httpx.ASGITransport(application(server, TOKEN))
        async with server.session_manager.run(), httpx.AsyncClient(transport=transport) as client:
            accepted = {"Accept": "application/json, text/event-stream"}
            return await client.post("http://127.0.0.1:8000/mcp", json=HELLO, headers={**accepted, **headers})

    answer: Any = anyio.run(main)
    return answer


def test_with_the_token_the_server_answers(tmp_path: Path) -> None:
    answer = _post(GOOD, tmp_path)
    assert answer.status_code == 200 and '"serverInfo"' in answer.text


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_without_the_token_nothing_is_answered(tmp_path: Path, given: str | None) -> None:
    headers = {"Host": GOOD["Host"]} | ({} if given is None else {"Authorization": given})
    answer = _post(headers, tmp_path)
    assert answer.status_code == 401 and "Authorization: Bearer" in answer.text and "serverInfo" not in answer.text


@pytest.mark.parametrize("name", [{"Host": "evil.example:8000"}, {"Origin": "http://evil.example"}])
def test_a_page_that_rebinds_its_name_is_refused(tmp_path: Path, name: dict[str, str]) -> None:
    assert _post({**GOOD, **name}, tmp_path).status_code in (403, 421)
