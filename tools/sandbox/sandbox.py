"""Runs a command that nobody vouches for: no network, no writing outside its folder, bounded time, memory and output.

Linux namespaces (namespaces(7)) take away the network, the sight of other processes and the way to signal them;
Landlock (landlock(7)) takes away writing outside the folder; resource limits and a watcher stop what grows. Reading
stays free: what is read cannot leave but through the run's own output, which stays on this machine.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from misrun.tools.record import Record
from misrun.tools.sandbox import landlock
from misrun.tools.sandbox.process_tree import resident_bytes, tree

_NAMESPACES = ("--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--fork", "--mount-proc")
# A process that allocates touches a few GB/s, and the kernel starts a few thousand processes a second: in 50 ms neither
# gets far past its bound.
_POLL_S = 0.05
_CHUNK = 1 << 16


class Bounds(Record):
    """What a run may use: wall-clock seconds, resident MiB of all its processes, processes and threads' parents at
    once, bytes printed, and MiB in any one file."""

    seconds: float = 600.0
    memory_mib: int = 8192
    processes: int = 128
    output_bytes: int = 20_000_000
    file_mib: int = 2048


class Confined(Record):
    """What came of it: the exit code as a shell tells it (128 + n for signal n; None when it was stopped), why it was
    stopped (or ""), wall-clock seconds, and what it printed on both streams, as far as it was allowed."""

    exit_code: int | None
    stopped: str
    seconds: float
    output: str


class NotConfinable(Exception):
    """This machine cannot confine a run; the message says what is missing."""


@functools.cache
def unavailable() -> str | None:
    """None where runs can be confined, else what is missing."""
    if sys.platform != "linux":
        return "running code in a sandbox needs Linux"
    if landlock.version() == 0:
        return "running code in a sandbox needs a kernel with Landlock (Linux 5.13 or newer, switched on)"
    if shutil.which("unshare") is None:
        return "running code in a sandbox needs the command unshare (util-linux)"
    trial = subprocess.run(["unshare", *_NAMESPACES, "true"], capture_output=True, check=False)
    return None if trial.returncode == 0 else "running code in a sandbox needs user namespaces to be allowed"


def run_confined(
    command: Sequence[str], folder: Path, bounds: Bounds | None = None, environment: Mapping[str, str] | None = None
) -> Confined:
    """Runs `command` in `folder`, the only place it can write to; HOME and TMPDIR lie in there.

    Raises NotConfinable where the machine cannot confine it: it is not run at all then.
    """
    if (missing := unavailable()) is not None:
        raise NotConfinable(missing)
    bounds, folder = bounds or Bounds(), folder.resolve()
    began = time.monotonic()
    with subprocess.Popen(
        _confined(command, folder, bounds),
        cwd=folder,
        env=_environment(folder, environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        with _Watcher(process.pid, bounds) as watcher:
            output = _read(process.stdout, bounds.output_bytes, watcher)
            code = process.wait()
    text = output.decode("utf-8", "replace")
    seconds = round(time.monotonic() - began, 2)
    return Confined(exit_code=None if watcher.stopped else code, stopped=watcher.stopped, seconds=seconds, output=text)


def _confined(command: Sequence[str], folder: Path, bounds: Bounds) -> list[str]:
    launcher = Path(__file__).with_name("launcher.py")
    limits = json.dumps({"memory_mib": bounds.memory_mib, "file_mib": bounds.file_mib})
    start = [sys.executable, "-I", str(launcher), str(folder), limits, *command]
    return ["unshare", *_NAMESPACES, "--kill-child=SIGKILL", *start]


def _environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the user's environment but where programs are: tokens and proxies stay outside."""
    temporary = folder / ".tmp"
    temporary.mkdir(exist_ok=True)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    own = {"PATH": path, "HOME": str(folder), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    return {**own, **more}


def _read(stream: IO[bytes], most: int, watcher: "_Watcher") -> bytes:
    kept = bytearray()
    while chunk := os.read(stream.fileno(), _CHUNK):
        kept += chunk[: most - len(kept)]
        if len(kept) >= most:
            watcher.stop(f"it printed more than {most} bytes")
            break
    return bytes(kept)


class _Watcher:
    """Stops the run when it is over one of its bounds; `stopped` says which."""

    def __init__(self, pid: int, bounds: Bounds) -> None:
        self.stopped = ""
        self._pid, self._bounds = pid, bounds
        self._deadline = time.monotonic() + bounds.seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._kill()

    def stop(self, reason: str) -> None:
        """Ends every process of the run, for a reason that the result tells."""
        self.stopped = self.stopped or reason
        self._kill()

    def _watch(self) -> None:
        while not self._done.wait(_POLL_S):
            if reason := self._over():
                self.stop(reason)
                return

    def _over(self) -> str:
        if time.monotonic() > self._deadline:
            return f"it was not finished after {self._bounds.seconds:g} s"
        processes = tree(self._pid)
        if len(processes) > self._bounds.processes:
            return f"it started more than {self._bounds.processes} processes"
        if sum(map(resident_bytes, processes)) > self._bounds.memory_mib * 2**20:
            return f"it held more than {self._bounds.memory_mib} MiB of memory"
        return ""

    def _kill(self) -> None:
        """The first process of the namespace dies with its parent, and with it all others (unshare --kill-child)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
