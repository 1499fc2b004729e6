"""Keeps the benchmark's answers out of sight: in a scenario's folder only code/ and run/ are read, by any tool."""

from collections.abc import Collection
from pathlib import Path

# What a scenario holds beside what its user has (scenarios/README.md): how it is run, its check and its answer.
_SEALED = frozenset({"answer.json", "check.py", "recording.json", "scenario.json", "source", "__pycache__"})


def sealed_names(names: Collection[str]) -> frozenset[str]:
    """Those of a folder's `names` that are not to be read: empty for any folder but a scenario's."""
    is_scenario = "answer.json" in names and "scenario.json" in names
    return _SEALED & frozenset(names) if is_scenario else frozenset()


def is_sealed(path: Path) -> bool:
    """Whether this file, named by itself, belongs to a scenario and is not to be read."""
    beside = (path.parent / "answer.json", path.parent / "scenario.json")
    return path.name in _SEALED and all(name.is_file() for name in beside)
