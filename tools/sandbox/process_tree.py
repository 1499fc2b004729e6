"""A process and its descendants, as /proc tells them (Linux, proc(5))."""

import contextlib
from pathlib import Path


def tree(pid: int) -> list[int]:
    """`pid` and its descendants; processes that end meanwhile are left out."""
    found = [pid]
    for parent in found:
        # The process or one of its threads may be gone by the time it is looked at.
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += _children(task)
    return found


def _children(task: Path) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in (task / "children").read_text().split()]
    return []


def resident_bytes(pid: int) -> int:
    """Resident memory of a process that cannot be written back to a file; a page that several processes share (a
    forked worker's and its parent's) is split among them, so that the sum over a tree counts it once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))) * 1024
