"""The server over HTTP, for clients that cannot start a program: on loopback, with a token.

Host and Origin are checked by the SDK (against DNS rebinding: a web page that resolves its own name to 127.0.0.1), the
token here.
"""

import hmac
import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from misrun.mcp.service import Service

TOKEN_VARIABLE = "MISRUN_MCP_TOKEN"
HOST = "127.0.0.1"


class NeedsToken:
    """Answers 401 to every request that does not carry the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allowed(scope):
            answer = PlainTextResponse(
                f"Send 'Authorization: Bearer TOKEN' with the token that misrun printed (or ${TOKEN_VARIABLE}).",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)


def application(server: "MCPServer[Service]", token: str) -> ASGIApp:
    """The ASGI application: MCP under /mcp, for whoever has the token."""
    return NeedsToken(server.streamable_http_app(host=HOST), token)


def serve(server: "MCPServer[Service]", port: int) -> None:
    """Serves until interrupted; port 0 takes a free one. OSError when the port is taken."""
    import uvicorn

    given = os.environ.get(TOKEN_VARIABLE)
    token = given or secrets.token_urlsafe(24)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        shown = f"from ${TOKEN_VARIABLE}" if given else token
        address = f"http://{HOST}:{listener.getsockname()[1]}/mcp"
        sys.stderr.write(f"misrun: MCP at {address}\nmisrun: token {shown}\n")
        sys.stderr.flush()
        config = uvicorn.Config(application(server, token), log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])
