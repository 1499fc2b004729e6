"""Text logs: any text that no other reader wanted, streamed in bounded memory whatever its size."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.lines.argparse_echo import ArgparseEcho
from misrun.tools.readers.lines.complaints import complaints_of
from misrun.tools.readers.lines.context import LogContext, new_context
from misrun.tools.readers.lines.hf_trainer import HfTrainer
from misrun.tools.readers.lines.hint import HINT
from misrun.tools.readers.lines.key_value import KeyValue
from misrun.tools.readers.lines.layouts import Template
from misrun.tools.readers.lines.lightning_console import LightningConsole
from misrun.tools.readers.lines.line import Line, LineParser, clean, labelled_line, line_of
from misrun.tools.readers.lines.outcome import settle_ending
from misrun.tools.readers.lines.rank_tails import RankTails, Tail, is_labelled
from misrun.tools.readers.lines.shell import Shell
from misrun.tools.readers.lines.signature_lines import SignatureLines
from misrun.tools.readers.lines.table import Table
from misrun.tools.readers.lines.torchrun import Torchrun
from misrun.tools.readers.lines.tqdm import Tqdm, after_bar
from misrun.tools.readers.lines.traceback import Tracebacks
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import RankLog

_CHUNK = 1 << 20
# Project requirement: longer lines keep head and tail only.
_LONG_LINE = 65_536
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DIGITS = b"0123456789"
# Lines at the head that are always read: commands, settings and environment stand there in any words.
_HEAD = 1_000
# Shapes remembered: enough for the templates of a large code base, about 20 MB at 200 bytes each.
_MAX_SHAPES = 100_000
# Bytes below 32 that text does not hold: all but NUL, bell, backspace, tab, line ends, form feed and escape.
_NOT_TEXT = bytes(set(range(1, 32)) - {7, 8, 9, 10, 11, 12, 13, 27})
# At most this share of a head may be such bytes; a crash leaves holes of NULs in a log, binaries are full of both.
_BINARY_SHARE = 0.05


class TextLog:
    """Takes whatever looks like text. Comes last in the registry."""

    name = "text log"

    def sniff(self, source: Source) -> bool:
        head = source.head
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return True
        odd = sum(head.count(byte) for byte in (bytes([value]) for value in _NOT_TEXT))
        nuls = head.count(b"\0")
        # A hole of NULs is a few long runs; a binary file has them scattered.
        runs = len(re.findall(rb"\0+", head)) if nuls else 0
        return (odd + runs) <= _BINARY_SHARE * len(head) * 0.2 if nuls else odd <= _BINARY_SHARE * len(head)

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open("rb") as stream:
            self.read_stream(stream, source.name, run, head=source.head)

    def read_stream(self, stream: BinaryIO, name: str, run: RunBuilder, head: bytes = b"") -> None:
        """Reads one log from a binary stream into `run`; spans name it `name`."""
        context = new_context(name, run, head)
        log = _Log(context)
        for number, lines in _lines(_utf8(stream), run, name):
            log.feed_lines(number, lines)
        log.close()


def line_parsers() -> tuple[type[LineParser], ...]:
    """The parsers that a log is shown to, owners first, then those of metrics, then the others."""
    return tuple(type(parser) for parser in _Log(new_context("log", RunBuilder("log")))._all)


class _Log:
    """The parsers of one log. Owners keep the lines they take from the others; of the metric parsers the first that
    takes a line keeps it; the rest read every line.

    Logs repeat themselves: which parsers a line means something to is remembered for its shape, the line without its
    digits, and lines of that shape go to these parsers only.
    """

    def __init__(self, context: LogContext) -> None:
        self._context = context
        tracebacks = Tracebacks(context)
        self._table = Table(context)
        self._tqdm = Tqdm(context)
        self._owners: tuple[LineParser, ...] = (Torchrun(context, tracebacks), tracebacks)
        self._values = KeyValue(context)
        self._metrics: tuple[LineParser, ...] = (
            HfTrainer(context),
            self._table,
            LightningConsole(context),
            self._values,
        )
        self._others: tuple[LineParser, ...] = (Shell(context), SignatureLines(context), ArgparseEcho(context))
        self._all = (*self._owners, *self._metrics, self._tqdm, *self._others)
        self._complaints = complaints_of(context)
        self._known: dict[bytes, tuple[LineParser, ...]] = {}
        self._templates: dict[bytes, Template | None] = {}
        self._busy = False
        self._tails: RankTails | None = None
        self._merged = False  # whether a line has told its rank at its head

    def feed_lines(self, first: int, lines: list[bytes]) -> None:
        """Lines `first`, `first` + 1, ... Lines of a shape that means nothing are passed over, and those of one shape
        that hold metrics read at once, with nothing but such lines between them."""
        written = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), None)
        if written is not None:
            self._context.last_line = first + written
        joined = b"\n".join(lines)
        self._context.clock.block(first, lines)
        if first == 1 and self._context.rank is None and is_labelled(lines):
            self._tails = RankTails(labelled=True)
        if self._tails is not None:
            self._tails.block(first, lines)
        shapes = joined.translate(None, _DIGITS).split(b"\n")
        known = self._known
        at, count = 0, len(lines)
        while at < count:
            shape = shapes[at]
            parsers = None if self._busy or self._complaints is not None else known.get(shape)
            if parsers is None:
                self.feed(first + at, lines[at])
            elif parsers:
                at += self._feed_run(first + at, lines, shapes, at)
                continue
            at += 1
        if self._tails is None and self._merged:
            self._tails = RankTails(labelled=False)
            self._tails.block(first, lines)
            self._templates.clear()  # made while the ranks at the heads of lines were taken for text

    def _feed_run(self, number: int, lines: list[bytes], shapes: list[bytes], at: int) -> int:
        """Reads the lines from `at` on that have one shape, or only the first of them; returns how many lines of the
        file that finishes, those between that mean nothing included."""
        shape = shapes[at]
        if shape not in self._templates:
            self._templates[shape] = self._template(number, lines[at], shape)
        template = self._templates[shape]
        if template is not None:
            places = self._alike(shapes, at)
            numbers = [number + place - at for place in places]
            if self._values.feed_run(template, numbers, *self._unprefixed([lines[place] for place in places])):
                return places[-1] + 1 - at
        self.feed(number, lines[at])
        return 1

    def _alike(self, shapes: list[bytes], at: int) -> list[int]:
        """The lines from `at` on that have its shape, up to the first of another shape that means something."""
        shape, known = shapes[at], self._known
        places = [at]
        for place in range(at + 1, len(shapes)):
            if shapes[place] == shape:
                places.append(place)
            elif known.get(shapes[place]) != ():
                break
        return places

    def _template(self, number: int, raw: bytes, shape: bytes) -> Template | None:
        """Only for lines that mean something to the reader of values alone, and that stand in the file as they are
        read: without terminal codes, damage, quote or a rank within."""
        text, _ = self._unprefixed([raw])
        line = line_of(number, clean(text[0].decode("utf-8", "replace")))
        alone = self._known[shape] == (self._values,)
        plain = line.rank is None and line.text.encode("utf-8", "replace") == text[0]
        return self._values.template(line) if alone and plain else None

    def _unprefixed(self, lines: list[bytes]) -> tuple[list[bytes], list[int] | None]:
        """The lines without the ranks at their heads, and these ranks; None for lines without."""
        if self._tails is None:
            return lines, None
        found = [self._tails.prefixed(line) for line in lines]
        ranks = [rank for _, rank in found if rank is not None]
        return ([body for body, _ in found], ranks) if len(ranks) == len(lines) else (lines, None)

    def feed(self, number: int, raw: bytes) -> None:
        """One line as it stands in the file, or a part of it between carriage returns."""
        if self._complaints is not None:
            self._complaints.feed(number, raw)
        for segment in raw.split(b"\r") if b"\r" in raw else (raw,):
            if b"%|" in segment:
                self._bar(number, segment)
            else:
                self._segment(number, segment)

    def close(self) -> None:
        for parser in self._all:
            parser.close()
        if self._complaints is not None:
            self._complaints.close()
        self._rank_logs()
        settle_ending(self._context)

    def _rank_logs(self) -> None:
        """How far each rank's log goes, for a file of one rank and for one of many."""
        context = self._context
        if context.rank is not None and context.last_line:
            tails = [Tail(context.rank, context.last_line, context.clock.end())]
        else:
            tails = self._tails.tails() if self._tails is not None else []
        for tail in tails:
            context.run.rank_log(RankLog(rank=tail.rank, span=context.span(tail.line), time=tail.time))

    def _bar(self, number: int, segment: bytes) -> None:
        """A progress bar, and what another stream wrote behind it on the same line."""
        text = clean(segment.decode("utf-8", "replace"))
        end = after_bar(text)
        line = self._line(number, text[:end].encode("utf-8", "replace"))
        if not (self._table.busy and self._table.feed(line)) and not self._tqdm.feed(line):
            end = 0
        if text[end:].strip():
            self._segment(number, text[end:].encode("utf-8", "replace"))

    def _segment(self, number: int, segment: bytes) -> None:
        shape = segment.translate(None, _DIGITS)
        if self._busy:
            self._parse(self._line(number, segment))
            return
        parsers = self._known.get(shape)
        if parsers is None:
            parsers = self._parse(self._line(number, segment)) if self._promising(number, segment) else ()
            if not self._busy and len(self._known) < _MAX_SHAPES:
                self._known[shape] = parsers
        elif parsers:
            line = self._line(number, segment)
            for parser in parsers:
                parser.feed(line)
            self._busy = any(parser.busy for parser in parsers)

    def _line(self, number: int, segment: bytes) -> Line:
        labelled = self._tails is not None and self._tails.labelled
        line = (labelled_line if labelled else line_of)(number, clean(segment.decode("utf-8", "replace")))
        if line.rank is None:
            line.rank = self._context.rank
        elif line.body is not line.text:
            self._merged = True
        return line

    @staticmethod
    def _promising(number: int, segment: bytes) -> bool:
        """Whether any parser could make something of a line. At the head, where settings stand, every line counts."""
        return number <= _HEAD or HINT.search(segment.lower()) is not None

    def _parse(self, line: Line) -> tuple[LineParser, ...]:
        """Shows the line to all parsers; returns those it meant something to."""
        owner = next((parser for parser in self._owners if parser.feed(line)), None)
        if owner is not None:
            self._busy = True
            return (owner,)
        blank = not line.text.strip()
        metric = None if blank else next((parser for parser in self._metrics if parser.feed(line)), None)
        found = [] if blank else [parser for parser in self._others if parser.feed(line)]
        self._busy = any(parser.busy for parser in self._all)
        return (metric, *found) if metric is not None else tuple(found)


def _utf8(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in chunks, recoded when it begins with a UTF-16 mark (PowerShell writes its logs so)."""
    chunk = stream.read(_CHUNK)
    encoding = next((encoding for mark, encoding in _BOMS if chunk.startswith(mark)), None)
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    if chunk.startswith(codecs.BOM_UTF8):
        chunk = chunk[len(codecs.BOM_UTF8) :]
    while chunk:
        yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
        chunk = stream.read(_CHUNK)


def _lines(chunks: Iterator[bytes], run: RunBuilder, name: str) -> Iterator[tuple[int, list[bytes]]]:
    """Lines without their ends, many at a time, with the number of the first. A very long line comes in parts: between
    carriage returns as they are, and without any as its head and tail."""
    number = 1
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if lines and lines[0].endswith(b"\r"):  # Windows ends its lines so, all of them
            lines = [line.removesuffix(b"\r") for line in lines]
        if lines:
            if len(max(lines, key=len)) > _LONG_LINE:
                lines = [_cut(line, at, run, name) for at, line in enumerate(lines, start=number)]
            yield number, lines
            number += len(lines)
        if len(rest) > _LONG_LINE:
            shown, mark, rest = rest.rpartition(b"\r")
            if mark:
                yield number, [shown]
            elif len(rest) > 4 * _LONG_LINE:
                rest = _cut(rest, number, run, name)
    if rest:
        yield number, [_cut(rest, number, run, name)]


def _cut(line: bytes, number: int, run: RunBuilder, name: str) -> bytes:
    if len(line) <= _LONG_LINE or b"\r" in line:
        return line
    run.note(f"{name}:{number}: a line of more than {_LONG_LINE // 1024} KiB was read only at its head and tail")
    return line[: _LONG_LINE // 2] + b" ... " + line[-_LONG_LINE // 2 :]
