"""Files of bare numbers named after what they hold: loss.txt, train_loss.log, val_acc.dat.

Loops write them with `f.write(f"{step} {loss}\\n")` or numpy.savetxt; the name is the only header.
"""

import re
from collections.abc import Iterator
from itertools import islice

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.metric_names import is_training_metric
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.reader import Source

_SUFFIX = re.compile(r"\.(?:txt|log|dat|out|csv|tsv)$", re.I)
_CELLS = re.compile(r"[\s,;]+")
# "100/372": how far, and of how many.
_OF = re.compile(r"^(\d{1,12})/(\d{1,12})$")
# So many lines at the head must be rows; damage further down is passed over.
_HEAD_ROWS, _FEWEST = 20, 3


class NumberColumns:
    """The last column is the metric; a first column that counts is its step."""

    name = "number columns"

    def sniff(self, source: Source) -> bool:
        if not is_training_metric(_metric(source.name)):
            return False
        lines = source.head.decode("utf-8", "replace").splitlines()[:_HEAD_ROWS]
        complete = [line for line in lines if line.strip()]
        return len(complete) >= _FEWEST and all(_row(line) for line in complete[:-1])

    def read(self, source: Source, run: RunBuilder) -> None:
        name, planned = _metric(source.name), 0.0
        for number, (step, of, value) in _rows(source):
            planned = of or planned
            run.metric(name, value, file=source.name, line=number, step=step)
        if planned:
            run.ending = run.ending.model_copy(update={"planned_steps": planned})


def _metric(file: str) -> str:
    """The file's own name without folder and suffix: "runs/3/train_loss.txt" holds "train_loss"."""
    return _SUFFIX.sub("", file.rpartition("/")[2]) if _SUFFIX.search(file) else ""


def _rows(source: Source) -> Iterator[tuple[int, tuple[float | None, float | None, float]]]:
    with source.path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(islice(stream, None), start=1):
            row = _row(line)
            if row is not None:
                yield number, row


def _row(line: str) -> tuple[float | None, float | None, float] | None:
    """(step, planned steps, value) of "100/372 2.31", "100 2.31" or "2.31"; None for anything else."""
    cells = [cell for cell in _CELLS.split(line.strip()) if cell]
    if not 1 <= len(cells) <= 2:
        return None
    value = parse_number(cells[-1])
    if value is None:
        return None
    if len(cells) == 1:
        return None, None, value
    if match := _OF.match(cells[0]):
        return float(match[1]), float(match[2]), value
    step = parse_number(cells[0])
    return (step, None, value) if step is not None and step == step // 1 else None
