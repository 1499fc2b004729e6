"""INI-like settings: [section] and key = value (spaCy, mmdet exports, ConfigParser)."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import MAX_VALUES, add_config
from misrun.tools.readers.json_text import Leaf
from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.reader import Source

_SECTION = re.compile(r"^\s*\[\s*([^\]]{1,200}?)\s*\]\s*$")
_SETTING = re.compile(r"^\s*([A-Za-z_][\w.\-/]{0,100})\s*[=:]\s*(.*?)\s*$")
_NOT_A_RUN = frozenset(("setup.cfg", "tox.ini", "pytest.ini", "mypy.ini", "alembic.ini", "pyvenv.cfg", "MANIFEST.in"))


class IniConfig:
    """One setting per line, named section.key; lines that are neither are passed over."""

    name = "INI"

    def sniff(self, source: Source) -> bool:
        return source.name.lower().endswith((".ini", ".cfg", ".conf", ".properties")) and b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        if PurePosixPath(source.name).name not in _NOT_A_RUN:
            add_config(_settings(source), source.name, run, origin="ini")


def _settings(source: Source) -> Iterator[Leaf]:
    section: tuple[str, ...] = ()
    with source.path.open(encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if number > MAX_VALUES * 10:
                return
            header = _SECTION.match(line[:400])
            setting = _SETTING.match(line[:4_000])
            if header:
                section = (header[1],)
            elif setting and not line.lstrip().startswith(("#", ";")):
                yield Leaf((*section, setting[1]), parse_scalar(re.split(r"\s[#;]", setting[2])[0]), number)
