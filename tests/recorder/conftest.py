import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Rows = list[dict[str, Any]]


@pytest.fixture
def rows() -> Callable[[Path], Rows]:
    """The lines of a record."""
    return lambda path: [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is measured, whatever it costs."""
    monkeypatch.setattr("misrun.tools.recorder.budget.COARSE_GRANT", 1e9)
