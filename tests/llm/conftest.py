"""The fixture `ollama`: a server on loopback for the tests that are marked to allow it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_ollama import FakeOllama, running


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with running() as fake:
        yield fake
