"""Watches what the interpreter does: programs started, connections, unpickling, files written, user code executed."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn")
_NETWORK = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
    "urllib.Request",
    "ftplib.connect",
    "smtplib.connect",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.symlink",
    "os.link",
    "os.truncate",
    "shutil.rmtree",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Watch:
    """Hooks of the interpreter can be set but never taken away, so that this one is switched on and off."""

    def __init__(self) -> None:
        self.run: Path | None = None
        self.kept: tuple[Path, ...] = ()
        self.seen: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.run is None:
            return
        run, self.run = self.run, None  # what is done here is not watched
        try:
            if event in _STARTS or event in _NETWORK or event == "pickle.find_class":
                self.seen.append(f"{event} {arguments!r}"[:300])
            elif event == "open" and self._writes(arguments) and not self._may_write(arguments[0]):
                self.seen.append(f"written: {arguments[0]!r}")
            elif event in _CHANGES and not self._may_write(arguments[0]):
                self.seen.append(f"{event} {arguments[0]!r}")
            elif event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith(f"{run}/"):
                self.seen.append(f"executed: {arguments[0]!r}")
        finally:
            self.run = run

    @staticmethod
    def _writes(arguments: tuple[object, ...]) -> bool:
        mode, flags = arguments[1], arguments[2]
        return (isinstance(mode, str) and bool(set(mode) & set("wax+"))) or (
            isinstance(flags, int) and bool(flags & _WRITING) and mode is None
        )

    def _may_write(self, place: object) -> bool:
        if not isinstance(place, str | bytes | os.PathLike):
            return True  # a descriptor that was opened before
        path = Path(os.fsdecode(place)).absolute()
        return any(path.is_relative_to(folder) for folder in (*self.kept, Path("/dev/null")))


_WATCH = _Watch()


@contextmanager
def guarded(run: Path, *kept: Path) -> Iterator[list[str]]:
    """What was done that reading a run must not do; files may be written below `kept` only."""
    _WATCH.run, _WATCH.kept, _WATCH.seen = run, kept, []
    try:
        yield _WATCH.seen
    finally:
        _WATCH.run = None
