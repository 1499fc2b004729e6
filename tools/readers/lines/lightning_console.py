"""PyTorch Lightning on the console: how fit ended, the parameter summary, and the bar drawn by rich.

Shapes: lightning/pytorch/utilities/model_summary (both table styles), trainer/connectors/signal and
loops/fit_loop.py (`Trainer.fit` stopped), callbacks/progress/rich_progress.py.
"""

import re

from misrun.tools.readers.lines.context import Finish, LogContext
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.metric_words import strength
from misrun.tools.readers.lines.numbers import number, pairs
from misrun.tools.readers.lines.position import Mark, Place

_STOPPED = re.compile(r"`?Trainer\.fit`? stopped: `?(?P<what>max_(?:epochs|steps|time))=(?P<value>[^`\s]+)`? reached")
_PARAMETERS = re.compile(
    r"^\s*(?:(?P<count>[\d.,]+)\s?(?P<scale>[KMB])?\s+(?P<kind>Trainable|Non-trainable|Total) params"
    r"|(?P<kind2>Trainable|Non-trainable|Total) params: (?P<count2>[\d.,]+)\s?(?P<scale2>[KMB])?)\s*$"
)
_SCALE = {"K": 1e3, "M": 1e6, "B": 1e9}
_RICH_BAR = re.compile(
    r"^Epoch (?P<epoch>\d+)(?:/(?P<last>-?\d+))? +[━╸╺ ]+ (?P<done>\d+)/(?P<total>\d+) (?P<rest>.*)$"
)
_RICH_METRIC = re.compile(r"^ {20,}(?P<name>[\w/.@-]{1,80}): (?P<value>[-+\w.]{1,30})\s*$")
_NAMES = {"Trainable": "n_trainable_parameters", "Non-trainable": "n_frozen_parameters", "Total": "n_parameters"}


class LightningConsole:
    """A rich bar breaks its metrics over the lines below it; they belong to the bar's place."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._bar: Mark | None = None

    @property
    def busy(self) -> bool:
        return self._bar is not None

    def feed(self, line: Line) -> bool:
        text = line.text
        if self._bar is not None and self._metric_below(line):
            return True
        self._bar = None
        if "params" in text and (match := _PARAMETERS.match(text)):
            return self._parameters(match, line)
        if "fit" in text and (match := _STOPPED.search(text)):
            return self._stopped(match, line)
        if "━" in text and (match := _RICH_BAR.match(text)):
            return self._rich(match, line)
        return False

    def close(self) -> None:
        pass

    def _parameters(self, match: re.Match[str], line: Line) -> bool:
        count = float((match["count"] or match["count2"]).replace(",", ""))
        scale = _SCALE.get(match["scale"] or match["scale2"] or "", 1.0)
        self._context.config(_NAMES[match["kind"] or match["kind2"]], round(count * scale), line.number)
        return True

    def _stopped(self, match: re.Match[str], line: Line) -> bool:
        value = number(match["value"])
        self._context.config(match["what"], value if value is None else int(value), line.number)
        if match["what"] == "max_steps":
            self._context.progress.planned_steps = value
        if match["what"] == "max_epochs":
            self._context.progress.planned_epochs = value
        self._context.finish = Finish(line.number)
        return True

    def _rich(self, match: re.Match[str], line: Line) -> bool:
        last = float(match["last"] or -1)
        place = Place(
            epoch=float(match["epoch"]),
            epochs=last + 1 if last >= 0 else None,  # rich counts epochs from 0 and shows the last one
            step=float(match["done"]),
            of=float(match["total"]),
            within=True,
        )
        self._bar = self._context.progress.advance(place, line.number)
        for pair in pairs(match["rest"]):
            if strength(pair.name):
                self._context.points.add(pair.name, pair.value, line.number, self._bar)
        return True

    def _metric_below(self, line: Line) -> bool:
        match = _RICH_METRIC.match(line.text)
        value = number(match["value"]) if match else None
        if match is None or value is None:
            return False
        if match["name"] != "v_num":
            self._context.points.add(match["name"], value, line.number, self._bar)
        return True
