"""The application as a real server on loopback, and a stored investigation to look at."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from misrun.agents.investigation import investigate, new_request
from misrun.agents.report import Report
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out
from misrun.web.application import build, listening

TOKEN = "token-of-the-tests"


@dataclass
class Running:
    """Where the application answers, and the home its reports lie in."""

    address: str
    home: Path

    @property
    def entrance(self) -> str:
        return f"{self.address}/?token={TOKEN}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISRUN_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def stored(home: Path) -> Report:
    return investigate(new_request(lay_out(load("r087"), home / "run")))


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Running]:
    """Answers from its own thread; only loopback is opened."""
    listener: socket.socket = listening(0)
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(build(TOKEN, port), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Running(f"http://127.0.0.1:{port}", home)
    server.should_exit = True
    thread.join(5)
    listener.close()
