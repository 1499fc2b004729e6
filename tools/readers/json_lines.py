"""Metrics as JSON lines: one object per logging call."""

import json
import re
from collections.abc import Iterator, Mapping

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.json_text import Leaf
from misrun.tools.readers.metric_table import MetricTable, looks_like_metrics, role, states_settings
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Scalar
from misrun.tools.readers.scattered_text import read_scattered

# Loggers nest at most four deep (RLlib: info/learner/<policy>/<stat>).
_DEPTH = 8
_SNIFFED_LINES = 50
# A line of metrics with a thousand keys has about 50 KB; longer lines are data.
_LONGEST_LINE = 1_000_000
_SETTINGS = ("config/", "hparams/", "args/", "hyperparameters/")
# What is printed between JSON lines is a crash or a few notices, not a second log.
_MAX_TEXT_LINES = 50_000
_LINES_FILE = re.compile(r"\.(jsonl|ndjson|jsonlines|log|txt)$|\.log\.json$", re.IGNORECASE)


class JsonLines:
    """Reads every numeric value of every line, nested names joined with "/"; lines of plain
    text between them (a traceback at the end) are read as a log."""

    name = "JSON lines"

    def sniff(self, source: Source) -> bool:
        head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not head.startswith(b"{"):
            return False
        # The last line may be cut, by the size of the head or by the end of the run.
        lines = [line for line in head.split(b"\n") if line.strip()]
        complete = lines[:-1] if len(lines) > 1 and not head.endswith(b"\n") else lines
        rows = [row for line in complete[:_SNIFFED_LINES] if (row := _object(line)) is not None]
        if len(rows) * 5 < min(len(complete), _SNIFFED_LINES) * 4:  # a log with some JSON in it is a text log
            return False
        if len(rows) < 2 and not _LINES_FILE.search(source.name):
            return False
        return any(looks_like_metrics(_numeric(row)) for row in rows)

    def read(self, source: Source, run: RunBuilder) -> None:
        text: dict[int, list[str]] = {}
        damaged = 0
        header: dict[str, Scalar] | None = None
        with MetricTable(source.name, run) as table:
            for number, line in _lines(source):
                row = _object(line)
                if number == 1 and row is not None and states_settings(_numeric(row)):
                    header = row  # the next line tells: a table of metrics goes on with the same names
                    continue
                if header is not None:
                    _add_header(header, row is not None and row.keys() == header.keys(), table, source.name, run)
                    header = None
                if row is not None:
                    _add_row(row, number, table, source.name, run)
                elif line.lstrip().startswith(b"{"):
                    damaged += 1
                elif line.strip() and len(text) < _MAX_TEXT_LINES:
                    text[number] = [line.decode("utf-8", "replace").rstrip("\r\n")]
            if header is not None:
                _add_header(header, False, table, source.name, run)
        if damaged:
            run.note(f"{source.name}: {damaged} lines are not complete JSON")
        read_scattered(text, source.name, run)


def _add_row(row: dict[str, Scalar], line: int, table: MetricTable, file: str, run: RunBuilder) -> None:
    """Metrics, and the settings that loggers write: all in the first line, or as one object in every line (RLlib)."""
    metrics = {name: value for name, value in row.items() if not name.startswith(_SETTINGS)}
    is_metrics = looks_like_metrics(_numeric(metrics))
    if is_metrics:
        table.row(metrics, line)
    if line == 1 and not is_metrics:
        add_config(_leaves(row, line), file, run, origin="json")
    elif line == 1 and len(metrics) < len(row):
        settings = {name.partition("/")[2]: value for name, value in row.items() if name.startswith(_SETTINGS)}
        add_config(_leaves(settings, line), file, run, origin="json")


def _add_header(header: dict[str, Scalar], is_row: bool, table: MetricTable, file: str, run: RunBuilder) -> None:
    """The first line, which could be the settings of the run by its names."""
    if is_row:
        _add_row(header, 1, table, file, run)
    else:
        add_config(_leaves(header, 1), file, run, origin="json")


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    with source.path.open("rb") as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            yield number, line
            while line and not line.endswith(b"\n"):  # the rest of an overlong line, which has been refused above
                line = stream.readline(_LONGEST_LINE)


def flattened(row: Mapping[str, object], prefix: str = "", depth: int = _DEPTH) -> dict[str, Scalar]:
    """Scalars of nested objects under "outer/inner" names; a one-item list stands for its item."""
    flat: dict[str, Scalar] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict) and depth:
            flat.update(flattened(value, f"{name}/", depth - 1))
        elif isinstance(value, Scalar):
            flat[name] = value
    return flat


def _object(line: bytes) -> dict[str, Scalar] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return flattened(row) if isinstance(row, dict) else None


def _numeric(row: Mapping[str, Scalar]) -> list[str]:
    """The names whose value is or spells a number; a name with text is no metric."""
    return [
        name
        for name, value in row.items()
        if (isinstance(value, int | float) and not isinstance(value, bool))
        or (
            isinstance(value, str)
            and role(name) in ("metric", "step", "epoch")
            and len(value) < 32
            and value[:1] in "-.0123456789nNiI"
        )
    ]


def _leaves(row: Mapping[str, Scalar], line: int) -> Iterator[Leaf]:
    return (Leaf(tuple(name.split("/")), value, line) for name, value in row.items())
