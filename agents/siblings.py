"""Sibling runs: earlier attempts that lie beside this run, and what they say about what was tried."""

import re
from pathlib import Path

from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Record, Span
from misrun.tools.redact.redactor import Redactor
from misrun.tools.signals.curve import losses

# A parent folder may hold thousands of runs; the nearest few by name are what a colleague would look at.
MOST_SIBLINGS = 4
# Siblings are context, not the subject: a folder above this size is not read for it.
MOST_BYTES = 5_000_000
_TELLING = (".yaml", ".yml", ".json", ".toml", ".log", ".txt", ".csv", ".jsonl", ".out")


class Sibling(Record):
    """One run beside this one: its settings that differ, and how it ended."""

    name: str
    summary: str
    spans: tuple[Span, ...] = ()


def find_siblings(root: Path, run: RunRecord, redactor: Redactor | None = None) -> tuple[Sibling, ...]:
    """Up to MOST_SIBLINGS folders beside `root` that hold files of the same names, nearest by modification time."""
    if not root.is_dir():
        return ()
    names = {Path(file.path).name for file in run.files if Path(file.path).suffix in _TELLING}
    shape = _shape(root.name)
    others = [folder for folder in _folders(root.parent) if folder != root]
    beside = [folder for folder in others if _alike(folder, names, "#" in shape and _shape(folder.name) == shape)]
    here = root.stat().st_mtime
    nearest = sorted(beside, key=lambda folder: (abs(_modified(folder) - here), folder.name))[:MOST_SIBLINGS]
    told = (_describe(folder, run, redactor) for folder in nearest)
    return tuple(sibling for sibling in told if sibling is not None)


def _folders(parent: Path) -> list[Path]:
    try:
        return [entry for entry in parent.iterdir() if entry.is_dir() and not entry.is_symlink()][:2000]
    except OSError:
        return []


def _modified(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _alike(folder: Path, names: set[str], named_alike: bool) -> bool:
    """Whether the folder holds telling files of the same names as this run's and is small enough to read.

    Two shared names make a sibling; one does where the folders are named alike too (exp41 and exp42).
    """
    try:
        files = [entry for entry in folder.iterdir() if entry.is_file()][:200]
        size = sum(file.stat().st_size for file in files)
    except OSError:  # not allowed, or gone meanwhile: another run's folder is no business of this one's
        return False
    shared = sum(entry.name in names for entry in files)
    enough = 1 if named_alike else 2
    return shared >= enough and size <= MOST_BYTES


def _shape(name: str) -> str:
    """A folder name without its numbers: "exp42-lr3e-4" and "exp41-lr1e-4" have one shape."""
    return re.sub(r"\d+", "#", name)


def _describe(folder: Path, run: RunRecord, redactor: Redactor | None) -> Sibling | None:
    """What that run did differently and how it ended; None where it had the same settings, which is no attempt."""
    try:
        other = read_run(folder, redactor=redactor)
    except OSError:  # gone meanwhile
        return None
    ours = {value.name: value.value for value in run.config}
    changed = [v for v in other.config if v.name in ours and ours[v.name] != v.value][:4]
    if not changed:
        return None
    settings = ", ".join(f"{v.name} {v.value} (here {ours[v.name]})" for v in changed)
    return Sibling(name=folder.name, summary=f"{settings}; {_ended(other)}")


def _ended(run: RunRecord) -> str:
    loss = next(iter(losses(run, "train")), None)
    last = f", last loss {loss.values[-1]:.4g}" if loss and loss.values else ""
    return f"{run.ending.status}{last}" if run.ending.status != "unknown" or last else "ending unknown"
