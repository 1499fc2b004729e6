import io
from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.readers.text_log import TextLog

_DATA = Path(__file__).parents[2] / "data" / "text"


def read_log(content: str | bytes) -> RunRecord:
    """The record of one log called "log"."""
    run = RunBuilder("run")
    TextLog().read_stream(io.BytesIO(content.encode() if isinstance(content, str) else content), "log", run)
    return run.build()


@pytest.fixture
def read() -> Callable[[str | bytes], RunRecord]:
    return read_log


@pytest.fixture
def sample() -> Callable[[str], RunRecord]:
    """Reads a real log out of tests/data/text."""

    def read_sample(name: str) -> RunRecord:
        return read_log((_DATA / name).read_bytes())

    return read_sample
