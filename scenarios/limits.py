"""What the machine grants a run: memory per process, resident memory of all its processes, small file systems.

Linux only: the limits are the kernel's own (setrlimit(2), user_namespaces(7)) or read from /proc (proc(5)).
"""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from misrun.scenarios.schema import Limits
from misrun.tools.sandbox.process_tree import resident_bytes, tree

# A process that allocates touches at most a few GB/s, so that 10 ms let it pass the limit by tens of MiB only.
POLL_S = 0.01


def is_enforceable(limits: Limits) -> str | None:
    """None when this machine can enforce `limits`, otherwise what is missing."""
    if limits == Limits() or limits.model_copy(update={"device_mib": None}) == Limits():
        return None
    if sys.platform != "linux":
        return "memory and volume limits need Linux"
    if limits.volumes and not _can_mount():
        return "small volumes need `unshare --user --map-root-user --mount` to be allowed here"
    return None


@functools.cache
def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    trial = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/dev/shm"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def under_limits(command: list[str], limits: Limits, project: Path) -> list[str]:
    """`command` as a command that runs it under the memory-per-process and volume limits."""
    if limits.data_mib is not None:
        command = ["bash", "-c", f'ulimit -d {limits.data_mib * 1024} && exec "$@"', "bash", *command]
    if limits.volumes:
        mounts = [_mount(project / place, mib) for place, mib in limits.volumes.items()]
        script = " && ".join([*mounts, 'exec "$@"'])
        unshare = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"]
        command = [*unshare, "bash", "-c", script, "bash", *command]
    return command


def _mount(place: Path, mib: int) -> str:
    """The shell command that mounts a file system of `mib` MiB at `place` (absolute places stay absolute)."""
    return f"mkdir -p '{place}' && mount -t tmpfs -o size={mib}m tmpfs '{place}'"


class MemoryKiller:
    """Watches a process and its descendants in a thread: sends signal 9 to the largest one when together they hold
    more than `rss_mib` of resident memory (what the kernel's killer does at the limit of a control group), and to
    all of them after `limit_s` seconds."""

    def __init__(self, pid: int, rss_mib: int | None, limit_s: float) -> None:
        self.timed_out = False
        self._pid, self._rss_mib = pid, rss_mib
        self._deadline = time.monotonic() + limit_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryKiller":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        # Loader workers may outlive a killed parent; the run has its own session, hence its own group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def _watch(self) -> None:
        pause = POLL_S if self._rss_mib else 0.25
        while not self._done.wait(pause):
            if time.monotonic() > self._deadline:
                self.timed_out = True
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._pid, signal.SIGKILL)
                return
            if self._rss_mib is not None:
                self._kill_the_largest(self._rss_mib)

    def _kill_the_largest(self, rss_mib: int) -> None:
        sizes = {pid: resident_bytes(pid) for pid in tree(self._pid)}
        if sum(sizes.values()) > rss_mib * 2**20:
            with contextlib.suppress(ProcessLookupError):
                os.kill(max(sizes, key=sizes.__getitem__), signal.SIGKILL)
