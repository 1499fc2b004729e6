"""Hugging Face Trainer on the console: metric dictionaries, the start banner, the metrics block of the examples.

Shapes: transformers/trainer_callback.py (ProgressCallback prints str(dict), since version 5 with strings for values),
trainer.py (`***** Running training *****`), trainer_pt_utils.py (log_metrics). TRL, Axolotl, Unsloth and
LLaMA-Factory print the same dictionaries.
"""

import re

from misrun.tools.readers.lines.context import Finish, LogContext
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.numbers import number
from misrun.tools.readers.lines.position import Mark, Place

# 'key': 1.2e-3 | 'key': nan | 'key': '1.2e-3' | "key": tensor(nan)
_ITEM = re.compile(
    r"""['"](?P<key>[^'"]{1,120})['"]: ?(?:tensor\()?(?:['"](?P<quoted>[^'"]{0,60})['"]"""
    r"""|(?P<bare>[-+]?[\w.]+(?:[-+]\d+)?))"""
)
_BANNER = re.compile(
    r"(?P<name>Num examples|Num [Ee]pochs|Instantaneous batch size per device|Total train batch size"
    r"|Gradient [Aa]ccumulation steps"
    r"|Total optimization steps|Total steps|Number of trainable parameters|Trainable parameters"
    r"|Batch size per device|Num GPUs used"
    r"|Data Parallel GPUs|Total batch size)[^=|]{0,60}= {0,8}(?P<value>\d[\d,]*)"
)
_BANNER_NAMES = {
    "num examples": "num_examples",
    "num epochs": "num_train_epochs",
    "instantaneous batch size per device": "per_device_train_batch_size",
    "batch size per device": "per_device_train_batch_size",
    "total train batch size": "total_train_batch_size",
    "total batch size": "total_train_batch_size",
    "gradient accumulation steps": "gradient_accumulation_steps",
    "total optimization steps": "max_steps",
    "total steps": "max_steps",
    "number of trainable parameters": "n_parameters",
    "trainable parameters": "n_parameters",
    "num gpus used": "world_size",
    "data parallel gpus": "world_size",
}
_BLOCK = re.compile(r"^\s*\*{3,6} (?P<phase>train|eval|predict|test)\w* (?:metrics|results) \*{3,6}\s*$")
_BLOCK_ROW = re.compile(r"^\s*(?P<name>[\w/@.-]{1,80})\s{0,60}= {1,30}(?P<value>[-+\w.:]{1,40})\s*$")
_FRACTIONS = frozenset({"global_step/max_steps"})
_NOT_METRICS = frozenset({"epoch", "step", "total_flos", "total_steps", "current_steps", "percentage"})


class HfTrainer:
    """Metric dictionaries get the epoch as their step: progress bars lag behind the dictionary that follows them."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._last: tuple[tuple[str, float], ...] = ()
        self._written: set[str] = set()
        self._in_block = False
        self._block_mark: Mark | None = None

    @property
    def busy(self) -> bool:
        return self._in_block

    def feed(self, line: Line) -> bool:
        text = line.text
        if self._in_block:
            self._in_block = self._row(line)
            if self._in_block:
                return True
        if "***" in text and _BLOCK.match(line.body):
            self._in_block, self._block_mark = True, self._context.progress.current
            return True
        if "= " in text and self._banner(line):
            return True
        return "': " in text and self._dictionary(line)

    def close(self) -> None:
        pass

    def _banner(self, line: Line) -> bool:
        found = False
        for match in _BANNER.finditer(line.text):
            name = _BANNER_NAMES[match["name"].lower()]
            value = int(match["value"].replace(",", ""))
            self._context.config(name, value, line.number, "trainer_args")
            if name == "max_steps":
                self._context.progress.planned_steps = float(value)
            if name == "num_train_epochs":
                self._context.progress.planned_epochs = float(value)
            found = True
        return found

    def _dictionary(self, line: Line) -> bool:
        """A dictionary at the end of the line, after whatever a progress bar left before it."""
        text = line.text.rstrip()
        start = text.find("{'")
        if start < 0 or not text.endswith("}"):
            return False
        values: dict[str, float] = {}
        for match in _ITEM.finditer(text, start):
            printed = match["bare"] if match["quoted"] is None else match["quoted"]
            if match["key"] in _FRACTIONS:  # ms-swift: 'global_step/max_steps': '5/3766'
                printed, _, total = printed.partition("/")
                values |= {"total_steps": planned} if (planned := number(total)) is not None else {}
            value = number(printed)
            if value is not None:
                values["step" if match["key"] in _FRACTIONS else match["key"]] = value
        if "epoch" not in values and "step" not in values and "loss" not in values:
            return False
        self._record(values, line)
        return True

    def _record(self, values: dict[str, float], line: Line) -> None:
        fingerprint = tuple((key, round(values[key], 4)) for key in ("epoch", "loss", "eval_loss") if key in values)
        # LLaMA-Factory's callback prints a point with four digits, the Trainer the same with more digits and values.
        again = self._written if len(fingerprint) > 1 and fingerprint == self._last else set()
        self._last, self._written = fingerprint, {*again, *values}
        mark = self._mark(values, line)
        for key, value in values.items():
            if key not in _NOT_METRICS and key not in again:
                self._context.points.add(key, value, line.number, mark, rank=line.rank)
        if "train_runtime" in values:
            self._context.finish = Finish(line.number)

    def _mark(self, values: dict[str, float], line: Line) -> Mark | None:
        progress = self._context.progress
        step = values.get("step", values.get("current_steps"))
        if step is not None:
            progress.planned_steps = values.get("total_steps", progress.planned_steps)
            return progress.advance(Place(step=step), line.number)
        if "epoch" not in values:
            return progress.current
        progress.last_epoch = values["epoch"]
        progress.line = line.number
        return Mark(values["epoch"], "epoch")

    def _row(self, line: Line) -> bool:
        match = _BLOCK_ROW.match(line.body)
        if not match:
            return False
        value = number(match["value"])
        if match["name"] == "epoch" and value is not None:
            self._block_mark = Mark(value, "epoch")
        if value is not None and match["name"] not in _NOT_METRICS:
            self._context.points.add(match["name"], value, line.number, self._block_mark)
        if match["name"] == "train_runtime":
            self._context.finish = Finish(line.number)
        return True
