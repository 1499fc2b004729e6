"""Installed packages: requirements.txt, pip freeze, pip list, conda list."""

import re
from pathlib import PurePosixPath

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.environment_facts import MAX_FACTS, add_fact
from misrun.tools.readers.reader import Source
from misrun.tools.record import Span

_NAMED = re.compile(
    r"^(?:requirements.*|pip[_-]?(?:freeze|list).*|packages|conda[_-]?list|freeze|constraints)\.(?:txt|in|log)$",
    re.IGNORECASE,
)
# name[extra]==1.2 ; python_version < "3.9"   (PEP 508, as far as versions go)
_REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.\-]{0,100})(?:\[[\w,\s\-]{0,200}\])?\s*(?:(?P<operator>===?|~=|>=|<=|!=|>|<|=)\s*(?P<version>[\w.*+!\-]{1,60}))?"
)
# Freeze files often begin with it, as a comment or not.
_PYTHON = re.compile(r"^\s{0,4}(?:#\s{0,4})?[Pp]ython\s?[=:]{0,3}\s?v?(\d+\.\d+(?:\.\d+)?)\b")
_PINNED = re.compile(r"^[A-Za-z0-9][\w.\-]{0,100}(?:\[[\w,]{1,60}\])?\s?(?:===?|~=|>=|<=|=|:)\s?v?\d[\w.+!\-]{0,60}$")
_MAYBE_NAMED = re.compile(r"^(?:environment|env|versions|packages|installed)[\w\-]{0,30}\.(?:txt|log)$", re.IGNORECASE)
# pip list and conda list: two or more columns parted by spaces.
_COLUMNS = re.compile(r"^(?P<name>[A-Za-z0-9][\w.\-]{0,100})\s{1,100}(?P<version>\d[\w.+!\-]{0,60})(?:\s+\S.*)?$")


class PackageList:
    """One environment fact per package; an exact version stands alone, a range keeps its operator."""

    name = "package list"

    def sniff(self, source: Source) -> bool:
        name = PurePosixPath(source.name).name
        if b"\0" in source.head:
            return False
        return _NAMED.match(name) is not None or (
            _MAYBE_NAMED.match(name) is not None and _mostly_packages(source.head)
        )

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open(encoding="utf-8-sig", errors="replace") as stream:
            for number, line in enumerate(stream, start=1):
                if number > MAX_FACTS:
                    run.note(f"{source.name}: only the first {MAX_FACTS} packages were read")
                    return
                add_requirement(line, Span(file=source.name, first=number, last=number), run)


def _mostly_packages(head: bytes) -> bool:
    rows = [
        row.strip() for row in head.decode("utf-8", "replace").splitlines() if row.strip() and not row.startswith("#")
    ]
    packages = sum(1 for row in rows if _COLUMNS.match(row) or _PINNED.match(row))
    return packages * 5 > len(rows) * 4


def add_requirement(line: str, span: Span, run: RunBuilder) -> None:
    """Add the package that a line of a requirements, freeze, list or conda file names, if it tells a version."""
    python = _PYTHON.match(line)
    if python:
        add_fact("python", python[1], span, run)
        return
    bare = line.split(" #")[0].strip()[:400]
    if not bare or bare.startswith(("#", "-", "Package ", "git+", "http:", "https:", "@")):
        return
    columns = _COLUMNS.match(bare)
    if columns:
        add_fact(columns["name"].lower(), columns["version"], span, run)
        return
    found = _REQUIREMENT.match(bare)
    if found and found["version"]:
        exact = found["operator"] in ("==", "===", "=")
        add_fact(found["name"].lower(), ("" if exact else found["operator"]) + found["version"], span, run)
