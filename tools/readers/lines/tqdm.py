"""tqdm bars: how far training has come, how fast, and the metrics behind the rate.

Shape: tqdm.format_meter, "desc: 12%|#2  | 4/32 [00:00<00:05, 5.58it/s, loss=0.5]".
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.metric_words import in_standard_unit, phase_of, strength, trailing_metric
from misrun.tools.readers.lines.numbers import Pair, pairs
from misrun.tools.readers.lines.position import Mark, Place, find_place
from misrun.tools.readers.metric_names import canonical_metric
from misrun.tools.readers.run_record import Phase

_BAR = re.compile(
    r"(?P<desc>[^|]{0,200}?)(?P<percent>\d{1,3})%\|[^|]{0,400}\| ?(?P<done>[\d.,]+)(?P<scale>[kMG])?/"
    r"(?P<total>[\d.,]+)(?P<of>[kMG])?"
    r" \[(?P<elapsed>[\d:?]+)<(?P<left>[^,\]]{0,40})(?:, {0,4}(?P<rate>[\d.?]+) ?(?P<unit>[^,\]]{0,20}))?"
    r"(?P<postfix>, ?(?:[^\[\]]++|\[[^\[\]]*+\])*+)?(?P<end>\])?"
)
_SCALE = {"k": 1e3, "M": 1e6, "G": 1e9}
_OTHER_WORK = re.compile(
    r"sav|writ|load|map|token|download|generat|filter|scan|fetch|resolv|extract|sanity|predict|cach|pack|process|prepar"
    r"|creat|copy|upload|convert|quantiz|merg|build|read|collect|pars|comput|encod|add|appl|truncat|format|dataset"
    r"|example|shard|import|inference|index",
    re.I,
)
# Rates of downloads and of datasets.map; training counts iterations or steps.
_OTHER_UNIT = re.compile(r"B/s|example|file|sample|ba/s|tables|url|img")
_EVALUATION = re.compile(r"\b(?:val|valid|validation|validating|eval|evaluation|evaluating|test|testing)\b", re.I)


@dataclass(slots=True)
class _Bar:
    """One bar by its description and total: how often it began anew and what it last showed."""

    restarts: int = 0
    done: float = -1.0
    percent: int = -1
    shown: tuple[tuple[str, float], ...] = ()
    epoch: float | None = None


class _Head(NamedTuple):
    """What stands before a bar: its title and the metrics that the program set beside it."""

    title: str
    metrics: tuple[tuple[str, float], ...]

    def of_evaluation(self) -> bool:
        """Whether only an evaluation's metrics are shown before the bar."""
        return bool(self.metrics) and all(canonical_metric(name)[1] == "eval" for name, _ in self.metrics)


def _split(desc: str) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Title and metrics of "Epoch 3 loss 2.0 lr 1e-2": titles stay, metrics change at every redraw."""
    if not any(character.isdigit() for character in desc):
        return desc, ()
    found = [(pair, name) for pair in pairs(desc) if (name := _name(pair))]
    if not any(pair.separated or strength(name) == 2 for pair, name in found):
        return desc, ()
    first, name = found[0]
    at = desc.rfind(name, 0, first.start)
    return desc[:at].rstrip(" :,|-(["), tuple((n, in_standard_unit(n, p.value, p.unit)) for p, n in found)


def _name(pair: Pair) -> str:
    name = pair.name if pair.separated else trailing_metric(pair.name)
    return name if name and strength(name) else ""


def _shown(postfix: str) -> list[tuple[str, float]]:
    return [(p.name, in_standard_unit(p.name, p.value, p.unit)) for p in pairs(postfix) if strength(p.name)]


def after_bar(text: str) -> int:
    """Where the text begins that another stream wrote behind a bar on the same line; the length when there is none."""
    match = _BAR.search(text, 0, 4_000) if "%|" in text else None
    return match.end() if match and match["end"] else len(text)


class Tqdm:
    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._bars: dict[tuple[str, float], _Bar] = {}

    @property
    def busy(self) -> bool:
        return False

    def feed(self, line: Line) -> bool:
        if "%|" not in line.text:
            return False
        match = _BAR.search(line.body, 0, 4_000)
        if not match or not match["done"].strip(".,") or not match["total"].strip(".,"):
            return False
        desc, described = _split(match["desc"].strip(" :"))
        if _OTHER_WORK.search(desc) or _OTHER_UNIT.search(match["unit"] or ""):
            return True
        done = float(match["done"].replace(",", "")) * _SCALE.get(match["scale"] or "", 1.0)
        total = float(match["total"].replace(",", "")) * _SCALE.get(match["of"] or "", 1.0)
        self._follow(_Head(desc, described), done, total, match, line)
        return True

    def close(self) -> None:
        """The plan is the longest bar that was not told apart by epochs, or all epochs of one that was."""
        progress = self._context.progress
        bars = [(total, bar) for (kind, total), bar in self._bars.items() if kind != "eval"]
        plain = [total for total, bar in bars if bar.epoch is None and bar.restarts == 0]
        by_epoch = [total for total, bar in bars if bar.epoch is not None]
        if progress.planned_steps is None and by_epoch and progress.planned_epochs:
            progress.planned_steps = max(by_epoch) * progress.planned_epochs
        elif progress.planned_steps is None and plain and not by_epoch:
            progress.planned_steps = max(plain)

    def _follow(self, head: _Head, done: float, total: float, match: re.Match[str], line: Line) -> None:
        desc = head.title
        is_eval = _EVALUATION.search(desc) is not None or head.of_evaluation()
        place = find_place(desc)
        bar = self._bars.setdefault(("eval" if is_eval else "train" if place else desc, total), _Bar())
        if done < bar.done:
            bar.restarts += 1
        bar.epoch = place.epoch if place else None
        # An unnamed bar inside a longer unnamed one is its evaluation.
        nested = not desc and any(key[0] == "" and key[1] > total for key in self._bars)
        changed = done != bar.done
        bar.done = done
        mark = self._context.progress.current
        if not is_eval and not nested:
            mark = self._advance(bar, place, done, total, line)
            if changed:
                self._rate(bar, match, mark, line)
        self._metrics(bar, [*head.metrics, *_shown(match["postfix"] or "")], mark, line, is_eval or nested)

    def _advance(self, bar: _Bar, place: Place | None, done: float, total: float, line: Line) -> Mark:
        epoch = place.epoch if place else float(bar.restarts)
        epochs = place.epochs if place else None
        if place is not None and place.step is not None:  # "Epoch: 1/3, step 10/36 completed" counts finer than the bar
            return self._context.progress.advance(place, line.number, drawn=True)
        step = Place(epoch=epoch, epochs=epochs, step=done, of=total, within=True)
        if place is None and bar.restarts == 0:
            known = self._context.progress.planned_steps
            mark = self._context.progress.advance(Place(step=done, of=None), line.number, drawn=True)
            self._context.progress.planned_steps = known
            return mark
        return self._context.progress.advance(step, line.number, drawn=True)

    def _rate(self, bar: _Bar, match: re.Match[str], mark: Mark, line: Line) -> None:
        """Once per percent is enough for a slow-down to show."""
        percent = int(match["percent"])
        rate = match["rate"]
        if percent == bar.percent or not rate or "?" in rate or float(rate.strip(".") or 0) == 0:
            return
        bar.percent = percent
        per_second = float(rate) if not match["unit"].startswith("s/") else 1.0 / float(rate)
        self._context.points.add("it/s", per_second, line.number, mark)

    def _metrics(
        self, bar: _Bar, metrics: list[tuple[str, float]], mark: Mark | None, line: Line, is_eval: bool
    ) -> None:
        """Metrics before the bar and behind the rate; a validation's value, repeated at every redraw, counts once."""
        shown = tuple(metrics)
        before = dict(bar.shown)
        same_place = bar.shown == shown
        bar.shown = shown
        for name, value in shown:
            phase: Phase | None = "eval" if is_eval else phase_of(name, "")
            stale = name.lower().startswith(("val", "eval", "test")) and before.get(name) == value
            if not same_place and not stale:
                self._context.points.add(name, value, line.number, mark, phase, line.rank)
