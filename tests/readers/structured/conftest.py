from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord


@pytest.fixture
def data() -> Path:
    return Path(__file__).parents[2] / "data" / "structured"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], RunRecord]:
    """Writes files (name -> content) into a run folder and reads it."""

    def read_files(files: Mapping[str, str | bytes]) -> RunRecord:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_run(tmp_path)

    return read_files
