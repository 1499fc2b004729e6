"""The run's files seen again from a finished report, and the lines that the report cites."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from misrun.agents.investigation import pasted_file, place_of
from misrun.agents.report import Report
from misrun.report.html.markup import Html, element, joined
from misrun.tools.readers.registry import STDIN, read_run, read_text
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.redact.private_keys import MOST_LINES
from misrun.tools.redact.redactor import Redactor

# What a reader takes in at a glance (judgements): lines around a place, lines of one citation, letters of a line.
_AROUND = 2
_MOST_LINES = 14
_MOST_LETTERS = 400

Numbered = list[tuple[int, str]]


@dataclass(frozen=True)
class RunFiles:
    """What can be read of a run: its record, and the place of its text files. `redactor` has read the run, too."""

    run: RunRecord
    paths: Mapping[str, Path]
    redactor: Redactor

    @classmethod
    def of(cls, report: Report) -> "RunFiles | None":
        """The run of a report, read again as it is now; None where it is gone or may not be read."""
        redactor = Redactor(report.private)
        try:
            if report.path == STDIN:
                stored = pasted_file(report.id)
                text = stored.read_text(errors="replace")
                return cls(read_text(text, redactor=redactor), {STDIN: stored}, redactor)
            path = place_of(report)
            run = read_run(path, redactor=redactor)
        except (OSError, ValueError):  # moved away, no permission, or neither a folder nor a file any more
            return None
        root = path if path.is_dir() else path.parent
        # Only what the readers took for a file of the run: a report from elsewhere can name any path.
        return cls(run, {file.path: root / file.path for file in run.files}, redactor)

    def holds(self, span: Span) -> bool:
        """Whether the cited lines can be shown."""
        return span.unit == "line" and span.file in self.paths and not span.file.endswith(".ipynb")

    def around(self, file: str, first: int, last: int) -> Numbered:
        """The lines first..last of a file with those around them."""
        return self.excerpts(file, [(first, last)])[0]

    def excerpts(self, file: str, ranges: Iterable[tuple[int, int]]) -> list[Numbered]:
        """The lines of several ranges, each with those around it, in one pass over the file."""
        wanted = [(max(1, first - _AROUND), _end(first, last)) for first, last in ranges]
        final = max(last for _, last in wanted)
        found: dict[int, str] = {}
        without_keys = self.redactor.lines()
        with self.paths[file].open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if number > final:
                    break
                if any(first - MOST_LINES <= number <= last for first, last in wanted):
                    found[number] = without_keys(line.decode("utf-8", "replace").rstrip("\r\n"))
        return [
            [(n, shown(found[n], self.redactor)) for n in range(first, last + 1) if n in found]
            for first, last in wanted
        ]


def _end(first: int, last: int) -> int:
    return min(last, first + _MOST_LINES - 1) + _AROUND


def shown(line: str, redactor: Redactor) -> str:
    """A line without secrets, cut to a readable length."""
    line = redactor.text(line)
    return line if len(line) <= _MOST_LETTERS else f"{line[:_MOST_LETTERS]} ..."


@dataclass
class Citations:
    """Gives every cited place a number while the page is written; at its end the places are shown."""

    files: RunFiles | None
    _numbers: dict[Span, int] = field(default_factory=dict)

    def link(self, span: Span) -> Html:
        """The place by its name, with a link to its lines where those can be shown."""
        if self.files is None or not self.files.holds(span):
            return element("code", str(span), class_="place")
        number = self._numbers.setdefault(span, len(self._numbers) + 1)
        return element("a", element("code", str(span)), href=f"#cited-{number}", class_="place")

    def links(self, spans: Iterable[Span], most: int = 4) -> Html | None:
        """Several places, each once."""
        distinct = list(dict.fromkeys(spans))
        if not distinct:
            return None
        more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
        links = [joined(", " if at else None, self.link(span)) for at, span in enumerate(distinct[:most])]
        return element("span", *links, more, class_="places")

    def shown(self) -> list[tuple[int, Span, Numbered]]:
        """Every linked place with its lines, in the order of files and lines."""
        if self.files is None:
            return []
        ordered = sorted(self._numbers.items(), key=lambda item: (item[0].file, item[0].first, item[0].last))
        by_file: dict[str, list[tuple[Span, int]]] = {}
        for span, number in ordered:
            by_file.setdefault(span.file, []).append((span, number))
        return [found for file, places in by_file.items() for found in self._of_file(self.files, file, places)]

    @staticmethod
    def _of_file(files: RunFiles, file: str, places: list[tuple[Span, int]]) -> list[tuple[int, Span, Numbered]]:
        excerpts = files.excerpts(file, [(span.first, span.last) for span, _ in places])
        return [(number, span, lines) for (span, number), lines in zip(places, excerpts, strict=True)]
