"""What every reader is, and what it is given."""

from pathlib import Path
from typing import Protocol

from misrun.tools.readers.builder import RunBuilder


class Source:
    """One file to read: where it lies, its name relative to the run folder, and its first bytes for sniffing."""

    HEAD_BYTES = 65_536

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        with path.open("rb") as stream:
            self.head = stream.read(self.HEAD_BYTES)
        self.bytes = path.stat().st_size


class Reader(Protocol):
    """One file format. `sniff` looks at content first and name second and never raises; `read` streams the file into
    the builder. A reader that meets damage keeps what came before it and says so with `run.note`."""

    name: str

    def sniff(self, source: Source) -> bool: ...

    def read(self, source: Source, run: RunBuilder) -> None: ...
