"""Shows a plan and carries it out: whole files at a time, so that none is ever half written."""

import difflib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from misrun.assistants.plan import Change, Plan

# A new file longer than this is named and not shown: the definitions would bury the change of a configuration.
_SHOWN = 20


def shown(plan: Plan) -> Iterator[str]:
    """The plan as a unified diff, and its notes."""
    for change in plan.changes:
        yield from _diff(change)
    yield from (f"misrun: {note}" for note in plan.notes)


def carry_out(plan: Plan) -> None:
    """Writes and deletes; folders go only when they are empty. OSError when something cannot be written."""
    for change in plan.changes:
        if change.after is None:
            change.path.unlink(missing_ok=True)
        else:
            _write(change.path, change.after)
    for folder in plan.folders:
        with suppress(OSError):  # not empty, or gone: somebody else's by now
            folder.rmdir()


def _diff(change: Change) -> Iterator[str]:
    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    if change.before is None and len(after) > _SHOWN:
        yield f"new      {change.path} ({len(after)} lines)"
    elif change.after is None and len(before) > _SHOWN:
        yield f"deleted  {change.path} ({len(before)} lines)"
    else:
        names = ("/dev/null" if change.before is None else str(change.path),
                 "/dev/null" if change.after is None else str(change.path))  # fmt: skip
        yield from difflib.unified_diff(before, after, *names, lineterm="")


def _write(path: Path, text: str) -> None:
    """Through a link to the file it means, with the old file's permissions."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
    handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=".misrun-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(scratch).chmod(mode)
        Path(scratch).replace(target)
    except OSError:
        Path(scratch).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
