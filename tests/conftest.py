"""Every test gets its own misrun home: nothing is read from or left in the user's."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home per test run, so that the knowledge index is built once."""
    return tmp_path_factory.mktemp("misrun-home")


@pytest.fixture(autouse=True)
def misrun_home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MISRUN_HOME", str(shared_home))
    return shared_home
