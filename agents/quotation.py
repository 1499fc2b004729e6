"""Whether a cited place exists in the run, and whether a quoted number is written there.

Files are opened read-only, inside the run folder only, each once and no further than the last cited line.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from misrun.agents.cures.quantity import ANY_NUMBER, MIB_PER_GIB, half_last_digit, parse_number
from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.record import Span

# Of a long range its first and last lines are searched for numbers; the points between are known from the series.
EDGE_LINES = 200
MOST_LINE_CHARACTERS = 1 << 20  # a JSON file on one line may be long; beyond a mebibyte it is data, not a quotation
_ROUNDING = 1 + 1e-9  # binary floats do not hold decimal halves exactly
_UNIT_FACTORS = (1.0, MIB_PER_GIB, 1 / MIB_PER_GIB)  # the reader turns GiB into MiB, a sentence turns it back
_PERCENT_FACTORS = (1.0, 100.0)  # 0.91 is written as 91 %
_SIZE = re.compile(r"\b[KMG]i?B\b")


class Quotations:
    """Looks places and numbers up in one run. `spans` are all places that will be asked about."""

    def __init__(self, run: RunRecord, spans: Iterable[Span]) -> None:
        self.run = run
        self._lines = _read_cited(run, set(spans))

    def exists(self, span: Span) -> bool:
        """Whether the file is there and as long as the span says; for step ranges, whether the run has such points."""
        if span.unit == "step":
            return bool(self._points(span)) or self._recorded(span)
        if span in self._lines:
            return True
        return span.file == "<stdin>" and (bool(self._points(span)) or self._recorded(span))

    def holds(self, span: Span, number: str, sentence: str) -> bool:
        """Whether `number`, as written in `sentence`, occurs at the span, within rounding: in its lines or points."""
        factors = _factors(sentence)
        if any(_close(number, value, factors) for value in self._points(span)):
            return True
        if self.in_text(number, self._lines.get(span, ""), factors):
            return True
        return self.in_text(number, self._said(span), factors)

    def in_text(self, number: str, text: str, factors: tuple[float, ...] = (1.0,)) -> bool:
        """Whether `number` is written in `text`, up to its rounding; a sign there may be a hyphen ("C-1", "9-17")."""
        values = (parse_number(token) for token in _tokens(text))
        return any(_close(number, value, factors) or _close(number, abs(value), factors) for value in values)

    def _points(self, span: Span) -> list[float]:
        """Steps and values of every series within the span."""
        found: list[float] = []
        for series in self.run.series:
            if series.file == span.file:
                found += _inside(series, span)
        return found

    def _recorded(self, span: Span) -> bool:
        """Whether an event, setting or fact was read from exactly there."""
        events, settings = (e.span for e in self.run.events), (c.span for c in self.run.config)
        return span in {*events, *settings, *(e.span for e in self.run.environment)}

    def _said(self, span: Span) -> str:
        """What the record holds of places without lines of a file: pasted text and binary sources."""
        if span.unit == "line" and span.file != "<stdin>":
            return ""
        events = [f"{e.message} {' '.join(map(str, e.values.values()))}" for e in self.run.events if e.span == span]
        return " ".join([*events, *(str(c.value) for c in self.run.config if c.span == span)])


def _inside(series: Series, span: Span) -> list[float]:
    places = series.lines if span.unit == "line" else series.steps
    inside = [i for i, place in enumerate(places) if span.first <= place <= span.last]
    return [number for i in inside for number in (series.steps[i], series.values[i])]


def _tokens(text: str) -> list[str]:
    return [token.rstrip(",") for token in ANY_NUMBER.findall(text)]


def _factors(sentence: str) -> tuple[float, ...]:
    sizes = _UNIT_FACTORS if _SIZE.search(sentence) else (1.0,)
    return sizes if "%" not in sentence else tuple({*sizes, *_PERCENT_FACTORS})


def _close(number: str, value: float, factors: tuple[float, ...]) -> bool:
    written, slack = parse_number(number), half_last_digit(number) * _ROUNDING
    return any(abs(written - value * factor) <= slack for factor in factors)


# Reading the cited lines


def _read_cited(run: RunRecord, spans: set[Span]) -> dict[Span, str]:
    """The text of every span whose lines exist, by span."""
    by_file: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if span.unit == "line":
            by_file[span.file].append(span)
    found: dict[Span, str] = {}
    for file, wanted in by_file.items():
        path = _inside_run(run, file)
        if path is not None:
            found |= _read_spans(path, wanted)
    return found


def _inside_run(run: RunRecord, file: str) -> Path | None:
    """The path of a file of the run; None where it is not a plain file inside the run folder."""
    root = Path(run.root)
    try:
        base = (root if root.is_dir() else root.parent).resolve()
        path = (base / file).resolve()
        return path if path.is_relative_to(base) and path.is_file() else None
    except (OSError, ValueError):  # a forged name: too long, a NUL byte, a link loop
        return None


def _read_spans(path: Path, spans: list[Span]) -> dict[Span, str]:
    texts: dict[Span, list[str]] = {span: [] for span in spans}
    wanted: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        for number in _edges(span):
            wanted[number].append(span)
    last = max(span.last for span in spans)
    count = 0
    try:
        for count, line in _numbered(path, last):
            for span in wanted.get(count, ()):
                texts[span].append(line)
    except OSError:  # the file became unreadable after it was read: nothing in it can be cited
        return {}
    return {span: "".join(lines) for span, lines in texts.items() if span.last <= count}


def _edges(span: Span) -> Iterable[int]:
    """The first and last EDGE_LINES line numbers of a span, each once."""
    yield from range(span.first, min(span.last, span.first + EDGE_LINES - 1) + 1)
    yield from range(max(span.first + EDGE_LINES, span.last - EDGE_LINES + 1), span.last + 1)


def _numbered(path: Path, last: int) -> Iterator[tuple[int, str]]:
    """The lines up to number `last`, each cut to MOST_LINE_CHARACTERS, with their numbers from 1."""
    with path.open(encoding=_encoding(path), errors="replace", newline="\n") as stream:
        for number in range(1, last + 1):
            line = rest = stream.readline(MOST_LINE_CHARACTERS)
            while rest and not rest.endswith("\n"):
                rest = stream.readline(MOST_LINE_CHARACTERS)
            if not line:
                return
            yield number, line


def _encoding(path: Path) -> str:
    """UTF-16 where the byte order mark says so, else UTF-8."""
    with path.open("rb") as stream:
        head = stream.read(2)
    return "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
