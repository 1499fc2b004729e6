"""debug.log of Weights & Biases: its one line about the run is the configuration, as a Python literal."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.json_text import Leaf, Path
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Scalar

_CONFIG = re.compile(r"^config: (\{.*\})\s*$")
# A configuration of 2,000 values has about 100 KB.
_LONGEST_LINE = 200_000
_NAME = re.compile(r"(?:^|/)debug(?:-internal|-core|-cli\..{1,60})?\.log$")
_MAX_DEPTH = 32


class WandbDebugLog:
    """W&B's own messages are not the run's; only the configuration is taken."""

    name = "W&B debug log"

    def sniff(self, source: Source) -> bool:
        return _NAME.search(source.name) is not None and (b"wandb" in source.head or b"stream" in source.head)

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, start=1):
                found = _CONFIG.match(line) if len(line) < _LONGEST_LINE and line.startswith("config: ") else None
                if found:
                    add_config(_settings(found[1], number), source.name, run, origin="wandb")


def _settings(literal: str, line: int) -> Iterator[Leaf]:
    try:
        config = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # objects without a literal form, or a cut line
        return
    if isinstance(config, dict):
        config.pop("_wandb", None)
        yield from _walk(config, (), line)


def _walk(value: object, path: Path, line: int) -> Iterator[Leaf]:
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, str(key)), line)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _walk(item, (*path, position), line)
    elif isinstance(value, Scalar):
        yield Leaf(path, value, line)
