"""Text logs: any text that no other reader wanted."""

from typing import BinaryIO

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.reader import Source


class TextLog:
    """Being written."""

    name = "text log"

    def sniff(self, source: Source) -> bool:
        return b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open("rb") as stream:
            self.read_stream(stream, source.name, run)

    def read_stream(self, stream: BinaryIO, name: str, run: RunBuilder) -> None: ...
