"""Metrics printed as names and numbers, in whatever arrangement: nanoGPT, Megatron, fairseq, timm, MMEngine, Keras,
XGBoost, torchtune, verl, Caffe, darknet and home-made loops."""

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence

from misrun.tools.readers.builder import StepKind
from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.layouts import Layouts, Reading, Template, Value
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.metric_words import phase_of, strength
from misrun.tools.readers.lines.numbers import number
from misrun.tools.readers.lines.position import Mark, Place
from misrun.tools.readers.run_record import Phase

# AlexeyAB/darknet detector.c: " 182: -nan, -nan avg loss, 0.000000 rate, 2.01 seconds, 11648 images"
_DARKNET = re.compile(r"^\s*(?P<step>\d+): (?P<loss>[-\w.+]+), (?P<avg>[-\w.+]+) avg(?: loss)?, (?P<lr>[-\w.+]+) rate")
# Stands in every line of Megatron's training_log.
_MEGATRON = "number of nan iterations"
_JSON_STEPS = (
    "step",
    "global_step",
    "_step",
    "iter",
    "iteration",
    "num_updates",
    "current_steps",
    "trainer/global_step",
    "update",
)
_JSON_NOT_METRICS = frozenset(
    {*_JSON_STEPS, "epoch", "time", "timestamp", "_timestamp", "_runtime", "total_steps", "rank", "pid"}
)
# "Test Error:", "Validation results:", "--- Evaluation ---"
_EVAL_TITLE = re.compile(
    r"^\W{0,8}(?:val|valid|validation|eval|evaluation|test)"
    r"(?: (?:set|error|errors|results?|metrics?|performance|scores?)){0,2}\s?"
    r"(?::|[-=*]{2,10})\s*$",
    re.I,
)
# "[0] NCCL version 2.18": a number in brackets above no metric is a rank or a process.
_TAGGED = re.compile(r"^\s{0,8}\[\s{0,12}\d[\d,]*\s{0,2}(?:/\s{0,8}\d[\d,]*)?\]")
_LONGEST_TITLE = 60
# What a title is above of: the results stand on the next line or the two after it.
_TITLED_LINES = 3
# "frames=3360000", "seq_len: 512"
_PAIR = re.compile(
    r"(?P<name>[A-Za-z][\w./\-]{0,40})(?:\s{0,2}[=:]\s{0,2}|\s{1,2})(?P<value>-?\d[\d.,]{0,20}(?:[eE][+-]?\d{1,3})?)"
)
# Names of one file; more are generated.
_MOST_NAMES = 200
_VALUE = re.compile(r"\d|[nN]a[nN]|NAN|[iI]nf|INF")
_Key = tuple[str, Phase | None, int | None]


class KeyValue:
    """Reads labelled numbers. A name counts as a metric by itself ("loss"), or beside another metric or a step."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._headed: dict[_Key, list[tuple[float, int]]] = defaultdict(list)
        self._by_header: dict[_Key, bool] = {}
        self._header: Mark | None = None
        self._layouts = Layouts()
        self._evaluated_until = 0
        self._beside: set[str] = set()

    @property
    def busy(self) -> bool:
        return False

    def feed(self, line: Line) -> bool:
        text = line.text
        if _VALUE.search(text) is None:
            return self._title(line)
        if '{"' in text:
            return self._json(line)
        if "rate" in text and (match := _DARKNET.match(text)):
            return self._darknet(match, line)
        reading = self._layouts.read(text)
        if not reading.values and reading.place is not None:
            reading = reading._replace(values=self._again(text))
        if reading.values:
            return self._record(reading, line)
        return reading.place is not None and self._heading(reading.place, line)

    def template(self, line: Line) -> Template | None:
        """The pattern of a line that has been fed, for `feed_run`; None for lines that must be fed one by one."""
        text = line.text
        if '{"' in text or _MEGATRON in text or ("rate" in text and _DARKNET.match(text)):
            return None
        template = self._layouts.template(text)
        # What a line without a place belongs to depends on the lines before it.
        return template if template is not None and template.places is not None and not template.is_eval else None

    def feed_run(
        self, template: Template, numbers: Sequence[int], lines: list[bytes], ranks: list[int] | None = None
    ) -> bool:
        """Lines of one template with their numbers, and their ranks where they tell them; False, with nothing done,
        when one does not fit it."""
        columns = template.columns(lines)
        if columns is None:
            return False
        kind, steps = self._marks(template, columns, numbers)
        for name, values, phase in template.values(columns):
            self._beside.add(name)
            if ranks is None:
                self._context.points.extend(name, values, numbers, steps, kind, phase, self._context.rank)
                continue
            for value, line, step, rank in zip(values, numbers, steps, ranks, strict=True):
                self._context.points.add(name, value, line, Mark(step, kind), phase, rank)
        return True

    def _marks(
        self, template: Template, columns: list[list[float]], numbers: Sequence[int]
    ) -> tuple[StepKind, list[float]]:
        progress = self._context.progress
        steps = template.only_steps(columns)
        if steps is not None:
            self._leave_header(Place(step=steps[0]))
            return "step", progress.count_on(steps, numbers[-1])
        marks = []
        for place, number_ in zip(template.place(columns), numbers, strict=True):
            self._leave_header(place)
            marks.append(progress.advance(place, number_))
        return marks[0].kind, [mark.value for mark in marks]

    def close(self) -> None:
        self._flush_headed()

    def _again(self, text: str) -> list[Value]:
        """Values that stood beside a metric before and stand here without one: the last line of a run that died in
        the step holds what was printed before its loss."""
        pairs = ((match["name"], number(match["value"])) for match in _PAIR.finditer(text))
        return [Value(name, value, None) for name, value in pairs if value is not None and name in self._beside]

    def _title(self, line: Line) -> bool:
        """A line such as "Test Error:" makes what stands below it a result of evaluation."""
        if len(line.text) > _LONGEST_TITLE or not _EVAL_TITLE.match(line.text):
            return False
        self._evaluated_until = line.number + _TITLED_LINES
        return True

    def _record(self, reading: Reading, line: Line) -> bool:
        if line.number <= self._evaluated_until and reading.place is None and not reading.is_eval:
            reading = Reading([value._replace(phase="eval") for value in reading.values], None, True)
        mark = self._mark(reading.place, reading.is_eval, line)
        headed = mark is None and self._header is not None and not reading.is_eval
        if len(self._beside) < _MOST_NAMES:
            self._beside.update(value.name for value in reading.values)
        if self._lacks_loss(reading, line):
            reading.values.append(Value("lm loss", float("nan"), None))
        for name, value, phase in reading.values:
            if headed:
                self._headed[(name, phase, line.rank)].append((value, line.number))
            else:
                self._context.points.add(name, value, line.number, mark, phase, line.rank)
        return True

    def _lacks_loss(self, reading: Reading, line: Line) -> bool:
        """Megatron leaves a loss out that is not 0 or more, as NaN is (training.py, training_log: `if avg >= 0.0`)."""
        if _MEGATRON not in line.text or any(value.name == "lm loss" for value in reading.values):
            return False
        return any(value.name == "grad norm" and not math.isfinite(value.value) for value in reading.values)

    def _mark(self, place: Place | None, is_eval: bool, line: Line) -> Mark | None:
        """A batch count inside an evaluation is no training step: such lines stand where training stands."""
        progress = self._context.progress
        if place is None:
            return progress.current if is_eval else None
        if not is_eval:
            if place.epoch is not None or place.step is not None:
                self._leave_header(place)
            return progress.advance(place, line.number)
        if place.epoch is not None:
            progress.evaluate(place.epoch, line.number)
        if place.epoch is not None and place.epoch == progress.last_epoch:
            progress.epoch_complete = True  # what is evaluated is over
        if place.step is not None and place.of is None and not place.within:
            return Mark(place.step, "step")
        if place.epoch is not None and (progress.current is None or progress.current.kind == "epoch"):
            return Mark(place.epoch, "epoch")
        return progress.current

    def _heading(self, place: Place, line: Line) -> bool:
        """A line such as "Epoch 3/10" that stands above its metrics."""
        if line.text.count(" ") > 12 or _TAGGED.match(line.text):
            return False
        self._flush_headed()
        self._header = self._context.progress.advance(place, line.number)
        return True

    def _leave_header(self, place: Place) -> None:
        if place.epoch is not None or self._header is None or self._header.kind == "step":
            self._flush_headed()
            self._header = None

    def _flush_headed(self) -> None:
        """One value under each heading belongs to it; several are batches within, and only their order is known."""
        for key, values in self._headed.items():
            name, phase, rank = key
            once = self._by_header.setdefault(key, len(values) == 1)
            for value, number_ in values:
                self._context.points.add(name, value, number_, self._header if once else None, phase, rank)
        self._headed.clear()

    def _json(self, line: Line) -> bool:
        """A JSON object anywhere on the line (fairseq prints all its numbers as strings)."""
        text = line.text
        try:
            values = json.loads(text[text.index('{"') : text.rindex("}") + 1])
        except (ValueError, RecursionError):
            return False
        if not isinstance(values, dict):
            return False
        fraction = str(values.pop("global_step/max_steps", ""))  # ms-swift: "2/4389"
        values.setdefault("global_step", fraction.partition("/")[0])
        numbers = {key: value for key, raw in values.items() if (value := _json_number(raw)) is not None}
        if not any(strength(key) for key in numbers):
            return False
        step = next((numbers[key] for key in _JSON_STEPS if key in numbers), None)
        place = Place(epoch=numbers.get("epoch"), step=step, of=number(fraction.partition("/")[2]))
        known = place.epoch is not None or step is not None
        mark = self._context.progress.advance(place, line.number) if known else None
        for key, value in numbers.items():
            if key not in _JSON_NOT_METRICS:
                self._context.points.add(
                    key, value, line.number, mark, phase_of(key, text[: text.index("{")]), line.rank
                )
        return True

    def _darknet(self, match: re.Match[str], line: Line) -> bool:
        mark = self._context.progress.advance(Place(step=float(match["step"])), line.number)
        for name, group in (("loss", "loss"), ("avg loss", "avg"), ("lr", "lr")):
            value = number(match[group])
            if value is not None:
                self._context.points.add(name, value, line.number, mark)
        return True


def _json_number(raw: object) -> float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return float(raw)
    return number(raw) if isinstance(raw, str) else None
