"""Logs that a rotation or a cluster has compressed with gzip: train.log.gz, slurm-123.out.gz, rank_3.log.1.gz."""

import gzip
import io
import re

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.reader import Source
from misrun.tools.readers.text_log import TextLog

# RFC 1952, section 2.3.1: the identification bytes and the only method in use, deflate.
_MAGIC = b"\x1f\x8b\x08"
COMPRESSED_LOG = re.compile(
    r"\.(?:log|out|err|txt|jsonl|stdout|stderr)(?:[.\-]\d{1,10})?\.gz$|(?:^|/)std(?:out|err)\.gz$", re.I
)
# More is not read: a log compresses about ten to one, a file made to exhaust memory or time a thousand to one.
_LARGEST = 4 << 30


class CompressedLog:
    """A text log compressed with gzip; lines are those of the text inside."""

    name = "gzip log"

    def sniff(self, source: Source) -> bool:
        return source.head.startswith(_MAGIC) and COMPRESSED_LOG.search(source.name) is not None

    def read(self, source: Source, run: RunBuilder) -> None:
        with gzip.open(source.path, "rb") as stream:
            head = stream.peek(Source.HEAD_BYTES)[: Source.HEAD_BYTES]
            TextLog().read_stream(_Bounded(stream, source.name, run), source.name, run, head)


class _Bounded(io.BytesIO):
    """Reads on until the stream ends, breaks off, or has given `_LARGEST` bytes."""

    def __init__(self, stream: gzip.GzipFile, name: str, run: RunBuilder) -> None:
        super().__init__()
        self._stream, self._name, self._run, self._given = stream, name, run, 0

    def read(self, size: int | None = -1, /) -> bytes:
        if self._given >= _LARGEST:
            self._run.note(f"{self._name}: only the first {_LARGEST >> 30} GiB of its text were read")
            return b""
        try:
            chunk = self._stream.read(-1 if size is None else size)
        except (EOFError, OSError) as error:  # what was written before the run was killed counts
            self._run.note(f"{self._name}: the compressed log breaks off ({type(error).__name__})")
            return b""
        self._given += len(chunk)
        return chunk
