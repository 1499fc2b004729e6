"""results.txt of YOLOv5 (before its results.csv) and YOLOv3: one row of numbers an epoch, without a header.

Shape: yolov5/train.py up to v4.0, `f.write(s + '%10.4g' * 7 % results)` with epoch and memory, the four mean losses,
labels and image size, then precision, recall, mAP and the three losses of validation.
"""

import re
from itertools import islice

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Phase

_NAMES = (
    "train/box_loss", "train/obj_loss", "train/cls_loss", "train/loss", "targets", "img_size",
    "metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95",
    "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip
# What a row says of its batches and nothing of training.
_SIZES = frozenset({"targets", "img_size"})
_ROW = re.compile(r"^\s*(?P<epoch>\d{1,6})/(?P<last>\d{1,6})\s+(?P<memory>[\d.]+)G\s+(?P<values>[-+\w.\s]+)$")
_MIB_PER_GIB = 1024.0


class YoloResults:
    """The results.txt of YOLOv5 and YOLOv3: losses, precision, recall and mAP of every epoch."""

    name = "YOLOv5 results"

    def sniff(self, source: Source) -> bool:
        head = next(iter(source.head.decode("utf-8", "replace").splitlines()), "")
        return source.name.endswith(".txt") and _values(head) is not None

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(islice(stream, None), start=1):
                row = _values(line)
                if row is not None:
                    _add(row, number, source.name, run)


def _values(line: str) -> tuple[float, float, list[float]] | None:
    """(epoch, memory in MiB, the values in the order of `_NAMES`) of a row; None for anything else."""
    found = _ROW.match(line)
    cells = [parse_number(cell) for cell in found["values"].split()] if found else []
    values = [cell for cell in cells if cell is not None]
    if found is None or len(values) != len(cells) or len(values) != len(_NAMES):
        return None
    return float(found["epoch"]), float(found["memory"]) * _MIB_PER_GIB, values


def _add(row: tuple[float, float, list[float]], number: int, file: str, run: RunBuilder) -> None:
    epoch, memory, values = row
    run.metric("gpu_mem", memory, file=file, line=number, step=epoch, step_kind="epoch")
    for name, value in zip(_NAMES, values, strict=True):
        if name not in _SIZES:
            phase: Phase | None = "eval" if name.startswith(("metrics/", "val/")) else None
            run.metric(name, value, file=file, line=number, step=epoch, step_kind="epoch", phase=phase)
