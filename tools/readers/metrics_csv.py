"""Tables of metrics as delimited text: CSV loggers of every framework, exports, spreadsheets."""

import csv
import itertools
import json
import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.metric_names import canonical_metric, is_training_metric
from misrun.tools.readers.metric_table import MetricTable, looks_like_metrics, role
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span

_DELIMITERS = ",\t;|"
# The csv module refuses cells above 128 KiB by default; a cell of metrics is a number, so the default stays.
_DECIMAL_COMMA = re.compile(r"^\s*-?\d+,\d+(?:[eE][+-]?\d+)?\s*$")
_NAMED_BY_FILE = re.compile(r"tag-([^/]+?)\.csv$")
# "time" beside epochs is the time since the start (Ultralytics, fastai, Stable-Baselines3), not that of one step.
_ELAPSED = "time"
_HEAD_ROWS = 20
# A table of one column has no delimiter; its only header must be a metric's name.
_NAME = re.compile(r"^[\w/ .\-]{2,60}$")
_TAIL_BYTES = 8_192
_TABLE_FILE = re.compile(r"\.(?:csv|tsv|tab|psv)$", re.IGNORECASE)
_QUALITY = re.compile(
    r"^(?:metrics/.*|accuracy|error_rate|top_k_accuracy|f1_score|f_beta|roc_auc_score|dice|jaccard_coeff|perplexity)$"
)
# Stable-Baselines3 Monitor: reward, length and time of each episode, counted in environment steps.
_MONITOR = ["r", "l", "t"]


class _Layout(NamedTuple):
    delimiter: str
    header: list[str]
    header_line: int
    comment: str


class MetricsCsv:
    """Reads every column that can be a metric; rows may be sparse, columns padded, the last row cut off."""

    name = "metrics CSV"

    def sniff(self, source: Source) -> bool:
        if b"\0" in source.head and not source.head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return False
        layout = _layout(source)
        if layout is None or not (_TABLE_FILE.search(source.name) or _is_table_throughout(source, layout)):
            return False
        return layout.header == _MONITOR or looks_like_metrics(layout.header)

    def read(self, source: Source, run: RunBuilder) -> None:
        layout = _layout(source)
        if layout is None:
            return
        _read_comment(layout.comment, source.name, run)
        if layout.header == _MONITOR:
            _read_monitor(source, layout, run)
            return
        columns = _columns(layout.header, source.name)
        with MetricTable(source.name, run, eval_names=_measured_in_validation(layout.header)) as table:
            for line, row in _rows(source, layout, run):
                width = len(row)
                cells = {name: row[i] for i, name in columns if i < width and row[i]}
                if layout.delimiter == ";":
                    cells = {name: _decimal_point(cell) for name, cell in cells.items()}
                table.row(cells, line)


def _open(source: Source) -> TextIO:
    wide = source.head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return source.path.open(encoding="utf-16" if wide else "utf-8-sig", errors="replace", newline="")


def _layout(source: Source) -> _Layout | None:
    """Delimiter and header, or None where the head is no table."""
    wide = source.head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = source.head.decode("utf-16" if wide else "utf-8-sig", "replace")
    lines = text.splitlines()[:_HEAD_ROWS]
    comment = ""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith(("#{", "# {")):
            comment = line.strip().lstrip("# ")
            continue
        return _header(line.lstrip("# "), lines[number:], number, comment)
    return None


def _header(line: str, following: list[str], number: int, comment: str) -> _Layout | None:
    delimiter = max(_DELIMITERS, key=line.count)
    alone = is_training_metric(line) and _NAME.match(line.strip()) is not None
    if not (line.count(delimiter) or alone) or len(line) > 65_000:
        return None
    try:
        header = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except csv.Error:
        return None
    wanted = len(header)
    widths = [row.count(delimiter) + 1 for row in following if row.strip()][:_HEAD_ROWS]
    fitting = sum(1 for width in widths if abs(width - wanted) <= 1 or (delimiter == "," and '"' in line))
    # A line of prose has commas too: a header is a row of names, and most rows below have its width.
    named = all(len(cell) < 200 for cell in header) and not any(_is_number(cell) for cell in header)
    if not named or (widths and fitting * 2 < len(widths)) or any(cell.count(" ") > 6 for cell in header):
        return None
    return _Layout(delimiter, header, number, comment)


def _is_table_throughout(source: Source, layout: _Layout) -> bool:
    """Whether head and tail of a file of any name hold nothing but rows of the table: a log that begins with a table
    and ends with a traceback is a log."""
    with source.path.open("rb") as stream:
        stream.seek(max(0, source.bytes - _TAIL_BYTES))
        tail = stream.read(_TAIL_BYTES)
    rows = source.head.split(b"\n")[layout.header_line : -1] + tail.split(b"\n")[1:-1]
    wanted = len(layout.header) - 1
    return layout.delimiter != "|" and all(
        row.count(layout.delimiter.encode()) == wanted for row in rows if row.strip()
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lower() not in ("nan", "inf")


def _columns(header: list[str], file: str) -> list[tuple[int, str]]:
    """The columns worth reading, counters first, as (position, name)."""
    single = _NAMED_BY_FILE.search(file)
    if single and header[-1] == "Value":  # TensorBoard's download: Wall time,Step,Value; the tag is in the file name
        header = [*header[:-1], single[1].replace("_", "/", 1)]
    elapsed = {i for i, name in enumerate(header) if name.lower() == _ELAPSED}
    kept = [(i, name) for i, name in enumerate(header) if role(name) != "ignored" and i not in elapsed]
    # Should there be too many columns, the known ones come first and the counters are never lost.
    order = {"step": 0, "epoch": 0, "phase": 0, "planned": 0}
    return sorted(kept, key=lambda item: order.get(role(item[1]), 1 if is_training_metric(item[1]) else 2))


def _measured_in_validation(header: list[str]) -> frozenset[str]:
    """fastai and Ultralytics name the phase of each loss but measure the metrics beside them in validation only."""
    phases = {canonical_metric(name)[1] for name in header if canonical_metric(name)[0].endswith("loss")}
    named_loss = any(name.startswith(("train_loss", "train/")) for name in header)
    if phases != {"train", "eval"} or not named_loss:
        return frozenset()
    return frozenset(name for name in header if _QUALITY.match(name))


def _rows(source: Source, layout: _Layout, run: RunBuilder) -> Iterator[tuple[int, list[str]]]:
    """Data rows with their line; a repeated header (a restarted run) is passed over, a cut last cell dropped."""
    with _open(source) as stream:
        skipped = sum(1 for _ in itertools.islice(stream, layout.header_line))
        reader = csv.reader(_without_nul(stream), delimiter=layout.delimiter, skipinitialspace=True)
        previous: tuple[int, list[str]] | None = None
        first = layout.header[0]
        try:
            for row in reader:
                if previous:
                    yield previous
                repeated = not row or (row[0].strip() == first and [cell.strip() for cell in row] == layout.header)
                previous = None if repeated else (skipped + reader.line_num, row)
        except csv.Error as error:
            run.note(f"{source.name}: unreadable from line {skipped + reader.line_num} on ({error})")
    if previous:
        yield _last_row(*previous, source, layout, run)


def _without_nul(stream: TextIO) -> Iterator[str]:
    return (line.replace("\0", "") for line in stream)


def _last_row(line: int, row: list[str], source: Source, layout: _Layout, run: RunBuilder) -> tuple[int, list[str]]:
    """The last row, without its last cell when the file stops inside the row: half a number is a wrong number."""
    if len(row) >= len(layout.header) or _ends_with_newline(source):
        return line, row
    run.note(f"{source.name}:{line}: the last row is cut off")
    return line, row[:-1]


def _ends_with_newline(source: Source) -> bool:
    with source.path.open("rb") as stream:
        stream.seek(max(0, source.bytes - 2))
        return b"\n" in stream.read()


def _decimal_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.match(cell) else cell


def _read_comment(comment: str, file: str, run: RunBuilder) -> None:
    """The JSON line with which some loggers (Monitor) begin."""
    if not comment:
        return
    try:
        facts = json.loads(comment)
    except (ValueError, RecursionError):
        return
    for name, value in facts.items() if isinstance(facts, dict) else ():
        if isinstance(value, Scalar) and name != "t_start":
            run.config(str(name), value, span=Span(file=file, first=1, last=1), origin="csv")


def _read_monitor(source: Source, layout: _Layout, run: RunBuilder) -> None:
    steps = 0
    with MetricTable(source.name, run) as table:
        for line, row in _rows(source, layout, run):
            if len(row) >= 2 and row[1].strip().isdecimal() and len(row[1]) < 16:
                steps += int(row[1])
                table.row({"step": steps, "episode_reward": row[0], "episode_length": row[1]}, line)
