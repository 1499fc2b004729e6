"""TOML settings (kohya sd-scripts, torchtitan, spaCy projects)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.json_text import Leaf, Path
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Scalar

_MAX_BYTES = 2**20
_TABLE = re.compile(r"^\s*\[\[?\s*([^\]\[]{1,300}?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s{0,100}([A-Za-z0-9_\-.\"'](?:[A-Za-z0-9_\-.\"' ]{0,299}[A-Za-z0-9_\-.\"'])?)\s{0,100}=")
# Of the project around the run, not of the run.
_NOT_A_RUN = frozenset(("pyproject.toml", "poetry.lock", "uv.lock", "Cargo.toml", "Pipfile", "ruff.toml"))


class TomlConfig:
    """Values from the standard parser, lines from a scan of the keys."""

    name = "TOML"

    def sniff(self, source: Source) -> bool:
        return source.name.lower().endswith(".toml") and b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        if PurePosixPath(source.name).name in _NOT_A_RUN:
            return
        with source.path.open(encoding="utf-8-sig", errors="replace") as stream:
            text = stream.read(_MAX_BYTES)
        lines = _key_lines(text)
        found = (Leaf(path, value, _line(path, lines)) for path, value in _walk(_parsed(text, source.name, run), ()))
        add_config(found, source.name, run, origin="toml")


def _parsed(text: str, file: str, run: RunBuilder) -> object:
    """The document, or what stands before its damage."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        run.note(f"{file}: not valid TOML ({error})")
        place = re.search(r"at line (\d+)", str(error))
    kept = text.split("\n")[: int(place[1]) - 1] if place else text.split("\n")[:-2]
    try:
        return tomllib.loads("\n".join(kept))
    except tomllib.TOMLDecodeError:  # damaged in more than one place: nothing certain is left
        return {}


def _walk(value: object, path: Path) -> Iterator[tuple[Path, Scalar]]:
    """Scalars with their path; the parser has bounded the depth already."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _walk(item, (*path, position))
    else:
        yield path, value if isinstance(value, Scalar) else str(value)


def _key_lines(text: str) -> dict[str, int]:
    """The line of each dotted key; of a key that stands in several tables of an array, the first."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        header = _TABLE.match(line)
        key = None if header else _KEY.match(line)
        if header:
            table = _bare(header[1]) + "."
            lines.setdefault(table[:-1], number)
        elif key:
            lines.setdefault(table + _bare(key[1]), number)
    return lines


def _bare(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _line(path: Path, lines: dict[str, int]) -> int:
    """The line of the key or, for values inside inline tables, of the nearest key above."""
    named = [str(part) for part in path if not isinstance(part, int)]
    while named:
        if ".".join(named) in lines:
            return lines[".".join(named)]
        named.pop()
    return 1
