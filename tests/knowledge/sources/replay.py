"""A server on loopback that plays answers in order, the last one again and again, and keeps what it was asked; and a clock for what waits."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SHAPES = Path(__file__).parents[2] / "data" / "knowledge" / "api_shapes"
Behaviour = Callable[["Handler"], None]


class Clock:
    """Time that passes only where a test or a wait lets it."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: "Replay"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.owner.next_for(self)(self)


class Replay:
    """`requests` holds path and parameters, `headers` the request headers, of every request."""

    def __init__(self) -> None:
        self.behaviours: list[Behaviour] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()
        self.url = ""

    def plays(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)

    def next_for(self, handler: Handler) -> Behaviour:
        parts = urlsplit(handler.path)
        self.requests.append((parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


def answer(
    body: bytes | str, status: int = 200, kind: str = "application/json", length: int | None = None, **headers: str
) -> Behaviour:
    """One whole answer, or with `length` one that announces more than it sends."""
    data = body.encode() if isinstance(body, str) else body

    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Type": kind} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data) if length is None else length))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True

    return behave


def shape(name: str, status: int = 200, **headers: str) -> Behaviour:
    """A recorded shape."""
    kind = "application/atom+xml; charset=utf-8" if name.endswith(".xml") else "application/json; charset=utf-8"
    return answer((SHAPES / name).read_bytes(), status, kind, **headers)


def hangs(handler: Handler) -> None:
    """Sends half an answer and then nothing, until the client leaves or the test is over."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"items": [')
    handler.wfile.flush()
    handler.owner.over.wait(10)
    handler.close_connection = True


@contextmanager
def running() -> Iterator[Replay]:
    replay = Replay()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"owner": replay}))
    server.daemon_threads = True
    replay.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield replay
    finally:
        replay.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
