"""A replaying server, and a client whose waits are counted instead of waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from replay import Clock, Replay, running

from misrun.knowledge.sources.source import Question
from misrun.knowledge.sources.web import Web


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replay() -> Iterator[Replay]:
    with running() as server:
        yield server


@pytest.fixture
def web(tmp_path: Path, clock: Clock) -> Iterator[Web]:
    client = Web(tmp_path, wait=clock.wait, now=clock.now, mailto="me@example.org")
    yield client
    client.close()


@pytest.fixture
def question() -> Question:
    return Question(threads="loss nan", papers="codebook collapse")
