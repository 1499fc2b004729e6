"""Fixtures for the code checks: programs written to a folder and inspected."""

from pathlib import Path

import pytest
from programs import InspectFiles

from misrun.tools.code.inspect import Inspection, inspect


@pytest.fixture
def inspect_files(tmp_path: Path) -> InspectFiles:
    """Writes `{path: text}` (or one text as train.py) and inspects the folder."""

    def run(files: dict[str, str] | str, checks: list[str] | None = None) -> Inspection:
        for path, text in ({"train.py": files} if isinstance(files, str) else files).items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return inspect(tmp_path, None, checks)

    return run
