"""A server on loopback that speaks Ollama's API and behaves as it is told to, request by request."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What one request is answered with.
Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: "FakeOllama"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.owner.next_for(self.path, None)(self)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.owner.next_for(self.path, body)(self)

    def begin(self, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def put(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


class FakeOllama:
    """`chat`, `tags` and `embed` are played in order, the last one again and again; `requests` holds what was sent."""

    def __init__(self) -> None:
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.requests: list[tuple[str, Any]] = []
        self.asked, self.left, self.over = threading.Event(), threading.Event(), threading.Event()
        self._counted = threading.Condition()
        self.url = ""

    def chat(self, *behaviours: Behaviour) -> None:
        self.behaviours["/api/chat"] = list(behaviours)

    def tags(self, *names: str, digest: str = "abc") -> None:
        self.behaviours["/api/tags"] = [document({"models": [{"name": name, "digest": digest} for name in names]})]

    def embed(self, *behaviours: Behaviour) -> None:
        self.behaviours["/api/embed"] = list(behaviours)

    def got_requests(self, count: int) -> bool:
        """Whether exactly so many came; the last ones may still be on their way."""
        with self._counted:
            return (
                self._counted.wait_for(lambda: len(self.requests) >= count, timeout=10) and len(self.requests) == count
            )

    def next_for(self, path: str, body: Any) -> Behaviour:
        with self._counted:
            self.requests.append((path, body))
            self._counted.notify_all()
        self.asked.set()
        queue = self.behaviours.get(path) or [document({"error": "not found"}, 404)]
        return queue.pop(0) if len(queue) > 1 else queue[0]


@contextmanager
def running() -> Iterator[FakeOllama]:
    fake = FakeOllama()
    handler = type("BoundHandler", (Handler,), {"owner": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def says(*pieces: str, reason: str = "stop", prompt_tokens: int = 7) -> Behaviour:
    """A whole answer, streamed piece by piece."""

    def behave(handler: Handler) -> None:
        handler.begin(kind="application/x-ndjson")
        for piece in pieces:
            handler.put(line(piece))
        end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason}
        handler.put(as_line(end | {"prompt_eval_count": prompt_tokens, "eval_count": len(pieces)}))

    return behave


def breaks_off(*pieces: str, error: str | None = None) -> Behaviour:
    """A stream that ends before it is done: without a word, or with Ollama's error object."""

    def behave(handler: Handler) -> None:
        handler.begin(kind="application/x-ndjson")
        for piece in pieces:
            handler.put(line(piece))
        if error is not None:
            handler.put(as_line({"error": error}))

    return behave


def hangs(handler: Handler) -> None:
    """Takes the request and says nothing until the client leaves or the test is over."""
    handler.connection.settimeout(0.02)
    while not handler.owner.over.is_set():
        try:
            if not handler.connection.recv(1):
                handler.owner.left.set()
                return
        except TimeoutError:
            continue


def document(value: Any, status: int = 200) -> Behaviour:
    """One JSON document."""
    return raw(json.dumps(value).encode(), status)


def raw(data: bytes, status: int = 200, kind: str = "application/json") -> Behaviour:
    """Exactly these bytes."""

    def behave(handler: Handler) -> None:
        handler.begin(status, kind)
        handler.put(data)

    return behave


def line(piece: str) -> bytes:
    return as_line({"message": {"role": "assistant", "content": piece}, "done": False})


def as_line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
