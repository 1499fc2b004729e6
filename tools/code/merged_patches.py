"""Several diffs against the same files as one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from misrun.tools.code.patches import diff_of

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_NO_END = "\\ No newline"


class _Change(NamedTuple):
    """Lines `first` to `last` (exclusive, counted from 0) of the old file become `new`."""

    first: int
    last: int
    new: tuple[str, ...]


def merged(root: Path, patches: Iterable[str]) -> str | None:
    """One diff that does what all do, each made against the files in `root` as they are; None where two change the same
    lines differently, or a file is not there any more. A change that several make is made once."""
    wanted: dict[str, set[_Change]] = defaultdict(set)
    for patch in patches:
        for path, change in _changes(patch):
            wanted[path].add(change)
    try:
        diffs = [_diff(root, path, sorted(changes)) for path, changes in wanted.items()]
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    return "".join(diffs) or None


def _diff(root: Path, path: str, changes: list[_Change]) -> str:
    old = (root / path).read_bytes().decode("utf-8")
    lines = re.findall(r"[^\n]*\n|[^\n]+$", old)
    behind = len(lines)
    for change in reversed(changes):
        if change.last > behind:
            raise ValueError("two changes of the same lines")
        lines[change.first : change.last] = change.new
        behind = change.first
    return diff_of(old, "".join(lines), path)


def _changes(patch: str) -> Iterator[tuple[str, _Change]]:
    """The changes of a diff without the lines around them."""
    path, at = "", 0
    first: int | None = None
    new: list[str] = []
    for line in [*re.findall(r"[^\n]*\n|[^\n]+$", patch), ""]:
        hunk = _HUNK.match(line)
        changes = line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- "))
        if first is not None and not changes and not line.startswith(_NO_END):
            yield path, _Change(first, at, tuple(new))
            first, new = None, []
        if line.startswith("+++ "):
            path = line[4:].strip().partition("/")[2]
        elif hunk:
            # A hunk that only adds to nothing names the line before it (POSIX diff, "-l,0").
            at = int(hunk[1]) - (0 if hunk[2] == "0" else 1)
        elif changes:
            first = at if first is None else first
            if line[0] == "+":
                new.append(line[1:])
            else:
                at += 1
        elif line.startswith(_NO_END) and new:
            new[-1] = new[-1].removesuffix("\n")
        elif line.startswith(" "):
            at += 1
