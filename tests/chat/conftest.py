"""Puts the helpers of these tests, and the fake Ollama server of the tests of the client, on the path."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "llm")]

from fake_ollama import FakeOllama, running  # noqa: E402 - found on the path set above

from misrun.agents.researcher.store import ConversationStore  # noqa: E402 - as above


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MISRUN_MODEL", raising=False)
    monkeypatch.setenv("MISRUN_CONFIG", str(tmp_path / "no-config.toml"))


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with running() as fake:
        yield fake


@pytest.fixture
def store(misrun_home: Path) -> ConversationStore:
    return ConversationStore(misrun_home)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs that are talked about are laid out, once for all tests."""
    return tmp_path_factory.mktemp("runs")
