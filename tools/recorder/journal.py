"""The file that is written: one JSON object per line, complete on disk after every batch of lines."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TextIO


class Journal:
    """Appends lines to a file of its own: an earlier record of that name stays, the new one is called record.2.jsonl.

    Non-finite numbers are the strings "NaN", "Infinity" and "-Infinity", because bare NaN is not JSON. A process that
    was forked from the recording one (a DataLoader worker) writes nothing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self._stream = _opened(path)
        self._owner = os.getpid()

    def write(self, lines: Sequence[Mapping[str, object]]) -> None:
        if os.getpid() == self._owner and not self._stream.closed:
            self._stream.write("".join(json.dumps(_plain(line), allow_nan=False) + "\n" for line in lines))
            self._stream.flush()

    def close(self) -> None:
        self._stream.close()


def _opened(path: Path) -> tuple[Path, TextIO]:
    """`path`, or the first of path.2, path.3, ... that does not exist, opened for writing."""
    for number in count(1):
        free = path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")
        with suppress(FileExistsError):
            return free, free.open("x", encoding="utf-8")
    raise AssertionError("count() does not end")


def _plain(value: object) -> object:
    """The value with non-finite numbers spelled out, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
