"""The rows of a batch on disk: one JSON line a run, written as soon as it is known."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from misrun.batch.row import BatchRow


def read_rows(file: Path) -> list[BatchRow]:
    """The last row of each run. A line cut off by a kill is passed over: its run is investigated again."""
    return list({row.run: row for row in _rows(file)}.values())


def append_row(file: Path, row: BatchRow) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(row.model_dump_json() + "\n")


def _rows(file: Path) -> Iterator[BatchRow]:
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield BatchRow.model_validate_json(line)
        except ValidationError:
            continue
