"""One bounded run of the user's project in a sandboxed copy, and what it left, read and measured like any other run."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.sandbox.sandbox import Bounds, Confined, run_confined
from misrun.tools.signals.measure import measure
from misrun.tools.signals.signal import Signal

# What the run prints is kept under this name beside what it writes.
LOG = "output.log"
# Copied projects leave out what no run needs and what fills disks.
_NOT_COPIED = (".git", "__pycache__", ".venv", "venv", "node_modules", "wandb", "mlruns", ".tmp")
# A project with its data; more than this is not copied for a trial.
_LARGEST_COPY_BYTES = 4 * 2**30


class TooLarge(Exception):
    """The project is too large to be copied for a trial; the message gives its size."""


@dataclass(frozen=True)
class Reproduction:
    """The run as confined, the record of what it left, and the signals in it."""

    confined: Confined
    run: RunRecord
    signals: tuple[Signal, ...]

    @property
    def crashed(self) -> bool:
        """Whether it ended by itself with an error."""
        return bool(self.confined.exit_code)


@contextmanager
def project_copy(root: Path) -> Iterator[Path]:
    """A copy of the project to run in, removed afterwards. Links are copied as links: they lead to reading only."""
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    if size > _LARGEST_COPY_BYTES:
        raise TooLarge(f"{root} holds {size / 2**30:.1f} GiB, more than is copied for a trial")
    with tempfile.TemporaryDirectory(prefix="misrun-trial-") as temporary:
        copy = Path(temporary).resolve() / root.resolve().name
        shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        yield copy


def reproduce(project: Path, command: Sequence[str], bounds: Bounds | None = None) -> Reproduction:
    """Runs `command` in `project` (a copy) and reads what it printed and wrote. Raises sandbox.NotConfinable."""
    before = _stamps(project)
    confined = run_confined(command, project, bounds)
    with tempfile.TemporaryDirectory(prefix="misrun-trial-") as temporary:
        left = Path(temporary).resolve() / project.name
        _gather(project, before, left)
        (left / LOG).write_text(confined.output, "utf-8")
        run = read_run(left)
    ending = run.ending.model_copy(update={"exit_code": confined.exit_code, **_status(confined)})
    run = run.model_copy(update={"ending": ending})
    return Reproduction(confined, run, measure(run))


def _status(confined: Confined) -> dict[str, str]:
    """How it ended: the exit code tells for certain; a run that was stopped is left as its log tells it."""
    if confined.exit_code is None:
        return {}
    return {"status": "finished" if confined.exit_code == 0 else "killed" if confined.exit_code > 128 else "crashed"}


def _stamps(project: Path) -> dict[Path, tuple[int, int]]:
    found = (path for path in project.rglob("*") if path.is_file() and not path.is_symlink())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found}


def _gather(project: Path, before: dict[Path, tuple[int, int]], left: Path) -> None:
    """Code and settings, and what the run wrote or changed: logs of earlier runs stay out."""
    left.mkdir(parents=True)
    for path, stamp in _stamps(project).items():
        name = path.relative_to(project)
        if before.get(path) == stamp and path.suffix not in (".py", ".yaml", ".yml", ".json", ".toml", ".ini", ".sh"):
            continue
        if ".tmp" in name.parts:
            continue
        (left / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, left / name)
