"""Every test run gets its own misrun home: nothing is read from or left in the user's."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def misrun_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the whole run, so that the knowledge index is built once; subprocesses inherit it."""
    home = tmp_path_factory.mktemp("misrun-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISRUN_HOME", str(home))
        yield home
