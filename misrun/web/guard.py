"""Who may use the application: whoever has the token, from a page of the application itself.

Against pages of other sites that the browser has open: the Host header must name loopback (DNS rebinding), the cookie
is SameSite=Strict, and what changes anything must come from our own origin (OWASP CSRF prevention cheat sheet,
"verifying origin with standard headers").
"""

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
# Of a request with all its fields and files; logs above it are given by path.
MOST_BYTES = 64 << 20
_READS = frozenset({"GET", "HEAD"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send "Origin: null" with our own forms (Fetch Standard, 4.5.2).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


class Guard:
    """Lets through what may come in, and gives every answer its headers. `port` is the one that is listened at."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token, self._port = app, token, port
        # Cookies do not tell ports apart: two applications on one machine would overwrite each other's.
        self._cookie = f"misrun-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refused = self._refused(request) or self._with_cookie(request)
        app: ASGIApp = refused or self._app
        await app(scope, _bounded(receive), _with_headers(send))

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("host", "") not in {f"{host}:{self._port}" for host in HOSTS}:
            return _plain(421, f"Open http://{HOSTS[0]}:{self._port}/ on this machine.")
        if request.method not in _READS and request.headers.get("origin") != f"http://{request.headers['host']}":
            return _plain(403, "This came from another page. Open the application anew and try again.")
        if _declared(request.headers) > MOST_BYTES:
            return _plain(413, f"At most {MOST_BYTES >> 20} MiB can be sent. Give the path of the run instead.")
        return None

    def _with_cookie(self, request: Request) -> Response | None:
        """None where the cookie is right. A token in the address is exchanged for it, and taken out of the address."""
        if hmac.compare_digest(request.cookies.get(self._cookie, "").encode(), self._token.encode()):
            return None
        given = request.query_params.get("token", "")
        if request.method not in _READS or not hmac.compare_digest(given.encode(), self._token.encode()):
            return _plain(401, "Open the address that `misrun ui` printed: it carries the token.")
        rest = urlencode([(k, v) for k, v in parse_qsl(request.url.query) if k != "token"])
        answer = RedirectResponse(f"{request.url.path}?{rest}" if rest else request.url.path, status_code=303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return answer


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdigit() else MOST_BYTES + 1


def _bounded(receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Counts what comes in, too: a request need not declare its length."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= MOST_BYTES else {"type": "http.disconnect"}

    return counted


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            # A report names its own styles and scripts by digest.
            headers.setdefault("Content-Security-Policy", _POLICY)
        await send(message)

    return sent


def _plain(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(f"misrun: {text}\n", status_code=status)
