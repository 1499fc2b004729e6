"""Plain text that stands between other content of a file, read as a log with the line numbers of that file."""

import io
from collections.abc import Mapping, Sequence

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.text_log import TextLog


def read_scattered(pieces: Mapping[int, Sequence[str]], file: str, run: RunBuilder) -> None:
    """Hand the pieces, by line number, to the text reader. Pieces that share a line are parted by carriage returns,
    like the redraws of a progress bar."""
    if not pieces:
        return
    lines = ("\r".join(pieces.get(number, ())) for number in range(1, max(pieces) + 1))
    TextLog().read_stream(io.BytesIO("\n".join(lines).encode("utf-8", "replace")), file, run)
