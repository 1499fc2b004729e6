"""Where in training a line stands: epoch and step as printed, and one growing step count made of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from misrun.tools.readers.builder import StepKind
from misrun.tools.readers.ending import is_last_report

_BETWEEN = r"[\]\s:=#(|'\"]{0,12}\[?\s{0,12}"
_TOTAL = r"(?:\s{0,8}(?:/|\bof\b)\s{0,8}(?P<of>\d[\d,]*))?"
_EPOCH = re.compile(
    r"(?<![\w.])(?!epochs\s?[=:]\s?\d+(?![/\d]))(?:epochs?|ep)(?:\s?\((?:train|val|test)\))?"
    + _BETWEEN
    + r"(?P<n>\d+(?:\.\d+)?)"
    + _TOTAL,
    re.I,
)
_STEP = re.compile(
    r"(?:(?<![\w.\-/])|(?<=\d/)(?=global_step=))"
    r"(?P<word>(?:(?:global|current|completed|train(?:ing)?|trainer/global|optim(?:izer)?)[_ ]?)?"
    r"(?:steps?|iters?|iterations?|it|updates?|num_updates|batch(?:es)?(?:_idx)?|minibatch|timesteps?|total_timesteps?|total_step"
    r"|num_timesteps|episodes?|batch_number|_step))"
    + _BETWEEN
    + r"(?P<n>\d[\d,]*)(?![\d.]*(?:[a-zA-Z%]|\.\d))"
    + _TOTAL,
    re.I,
)
# "Epoch: [3]  [ 120/1251]", "Epoch [1][3100/23454]", "Train: 4 [ 300/5004", "epoch 001:    100 / 2048", "| 200/ 2983 |"
_WITHIN = re.compile(r"(?:^|[\[\]|:(\s])\s{0,12}(?P<n>\d[\d,]*)\s{0,8}/\s{0,8}(?P<of>\d[\d,]*)")
# Keras writes "3/3 [====" or "3/3 - 1s" or "3/3 ━━━" at the start of the line.
_LEADING = re.compile(r"^\s{0,12}(?P<n>\d+)/(?P<of>\d+)\s+(?:[\[━╸=\-]|\d+(?:s|ms)\b|ETA)")
# CLU "[100] accuracy=0.1", XGBoost "[0]\ttrain-logloss:0.4"; at the head of a line also "[   15] loss 0.3" and
# "[50/1500] loss: 0.3". A number with a fraction behind the name tells metrics from the steps of a build.
_NAMED = r"[A-Za-z_][^\s=:]{0,80}(?: [a-z_]{1,40})?"
_MEASURED = _NAMED + r"(?:\s?[:=]\s{0,8}|\s{1,8})(?:[-+]?\d*\.\d|[-+]?\d+[eE][-+]?\d|[-+]?(?:nan|NaN|inf)\b)"
_BARE = re.compile(
    r"(?:^|\s)\[(?P<n>\d+)\]\s+" + _NAMED + r"\s?[:=]|^\s{0,8}\[\s{0,12}(?P<padded>\d+)\]:?\s{1,8}" + _MEASURED
)
# "   15   loss 0.3", "  15 | loss 0.3": a column of its own; with a ":" it could be a rank.
_COLUMN = re.compile(r"^\s{0,8}(?P<n>\d{1,9})(?:\s{2,8}|\s{0,8}\|\s{1,8})" + _MEASURED)
_COUNTED = re.compile(
    r"^\s{0,8}\[\s{0,12}(?P<n>\d[\d,]*)\s{0,2}/\s{0,8}(?P<of>\d[\d,]*)\]:?\s{1,8}(?:[|\-]\s{1,8})?" + _MEASURED
)
# "[1,  2000] loss: 2.173" (PyTorch's first tutorial) and "loss: 2.303494  [   64/60000]" (its quickstart)
_PAIR = re.compile(r"^\s{0,8}\[(?P<epoch>\d+),\s{1,8}(?P<n>\d+)\]\s{1,8}[A-Za-z]")
_TRAILING = re.compile(r"\s\[\s{0,12}(?P<n>\d+)/(?P<of>\d+)\]\s{0,8}$")
_TIMM = re.compile(r"^\s*(?:Train|Test): (?P<n>\d+) \[")


class Place(NamedTuple):
    """What a line prints: `of` is the number of steps the count runs to, `epochs` the number of epochs planned.
    `within` marks a count that starts anew with every epoch."""

    epoch: float | None = None
    epochs: float | None = None
    step: float | None = None
    of: float | None = None
    within: bool = False


class Mark(NamedTuple):
    """A place on the growing count."""

    value: float
    kind: StepKind


class Spots(NamedTuple):
    """Where in a line the numbers of its place stand, as (start, end) offsets."""

    epoch: tuple[int, int] | None = None
    epochs: tuple[int, int] | None = None
    step: tuple[int, int] | None = None
    of: tuple[int, int] | None = None
    within: bool = False


def find_place(text: str) -> Place | None:
    """Epoch and step of a line, or None when it prints neither."""
    spots = locate(text)
    if spots is None:
        return None
    epoch, epochs, step, of = (_read(text, spot) for spot in spots[:4])
    return Place(epoch, epochs, step, of, spots.within)


def locate(text: str) -> Spots | None:
    """The numbers that find_place reads."""
    epoch = _EPOCH.search(text) or _TIMM.match(text)
    step = _STEP.search(text)
    if step:
        return _spots(epoch, step, epoch is not None and step["of"] is not None)
    inner = _WITHIN.search(text, epoch.end("n") + 1) if epoch else _LEADING.match(text)
    if inner and not (epoch and inner.start("n") <= epoch.end()):
        return _spots(epoch, inner, True)
    if epoch is None and (trailing := _TRAILING.search(text)):
        return _spots(None, trailing, True)
    if epoch is None and (pair := _PAIR.match(text)):
        return Spots(epoch=pair.span("epoch"), step=pair.span("n"))
    if epoch is None and (counted := _COUNTED.match(text)):
        return _spots(None, counted, True)
    if epoch is None and (column := _COLUMN.match(text)):
        return Spots(step=column.span("n"))
    bare = None if epoch else _BARE.search(text)
    if bare and bare["padded"]:
        return Spots(step=bare.span("padded"))
    return _spots(epoch, bare, False) if epoch or bare else None


def _spots(epoch: re.Match[str] | None, step: re.Match[str] | None, within: bool) -> Spots:
    return Spots(_span(epoch, "n"), _span(epoch, "of"), _span(step, "n"), _span(step, "of"), within)


def _span(match: re.Match[str] | None, name: str) -> tuple[int, int] | None:
    return match.span(name) if match and match.groupdict().get(name) else None


def _read(text: str, spot: tuple[int, int] | None) -> float | None:
    return float(text[spot[0] : spot[1]].replace(",", "")) if spot else None


class Epochs(NamedTuple):
    """The first and the last epoch of a log, the line of the last, and whether it was gone through."""

    line: int
    first: float
    last: float
    complete: bool


@dataclass
class _Reports:
    """The counts at which lines report: how many, the last, the interval to the one before, whether 0 was one."""

    number: int = 0
    last: float = 0.0
    interval: float = 0.0
    from_zero: bool = False

    def add(self, count: float, drawn: bool) -> None:
        """Notes a count; a bar's tells no interval."""
        if drawn or count < self.last:
            self.interval = 0.0
        elif count > self.last and self.number:
            self.interval = count - self.last
        self.from_zero = self.from_zero or count == 0.0
        self.last = count
        self.number += 1

    def extend(self, counts: Sequence[float]) -> None:
        """Notes the counts of as many lines."""
        self.from_zero = self.from_zero or 0.0 in counts
        for count in counts[-2:]:
            self.add(count, False)
        self.number += len(counts[:-2])

    def ended_by(self, planned: float) -> bool:
        return self.number > 0 and is_last_report(self.last, planned, self.interval, from_zero=self.from_zero)


@dataclass
class Progress:
    """How far training has come, over all parsers of one file. `current` is the last place a training line told."""

    current: Mark | None = None
    line: int = 0
    planned_steps: float | None = None
    planned_epochs: float | None = None
    last_step: float | None = None
    epoch_complete: bool = False
    broken_off: bool = False
    first_epoch: float | None = None
    last_epoch: float | None = None
    evaluated: tuple[float, float] | None = None
    evaluated_line: int = 0
    _count: float | None = None
    _counted_epoch: float | None = None
    _offset: float = 0.0
    _pass: float | None = None
    _reports: _Reports = field(default_factory=_Reports)
    _batches: _Reports = field(default_factory=_Reports)
    _batches_before: int = 0

    def advance(self, place: Place, line: int, *, drawn: bool = False) -> Mark:
        """Moves on to `place` and returns it on the growing count: steps where the line tells them, else epochs.

        `drawn` marks the state of a progress bar: bars are redrawn by the clock, not every so many steps.
        """
        if place.epoch is not None:
            self._enter(place.epoch)
        self.planned_epochs = place.epochs or self.planned_epochs
        if place.step is None:
            self.epoch_complete, self.broken_off = True, False
            self.current = Mark(place.epoch or 0.0, "epoch")
        else:
            self.current = Mark(self._growing(place), "step")
            self.last_step = max(self.current.value, self.last_step or 0.0)
            self._batches.add(place.step, drawn)
            self._reports.add(self.current.value, drawn)
            self.epoch_complete = self._is_last_batch(place)
            self.broken_off = self._is_broken_off(place)
        self.line = line
        return self.current

    def count_on(self, steps: Sequence[float], line: int) -> list[float]:
        """`advance` for many lines at once that print nothing but a step; the steps on the growing count."""
        offset = self.advance(Place(step=steps[0]), line).value - steps[0]
        counted = [step + offset for step in steps] if offset else list(steps)
        if len(steps) > 1:
            self._batches.extend(steps[1:])
            self._reports.extend(counted[1:])
            self.last_step = max(self.last_step or 0.0, max(counted))
            self._count = steps[-1]
            self.current = Mark(counted[-1], "step")
            self.epoch_complete = self._is_last_batch(Place(step=steps[-1]))
            self.broken_off = self._is_broken_off(Place(step=steps[-1]))
        return counted

    def evaluate(self, epoch: float, line: int) -> None:
        """Notes the epoch of an evaluation: where training lines tell only steps, it alone tells the epochs."""
        self.evaluated = (self.evaluated[0] if self.evaluated else epoch, epoch)
        self.evaluated_line = line

    def finished_by_count(self) -> bool:
        """Whether the count reached the plan, in steps or in whole epochs, counted from 0 or 1."""
        if self.planned_steps is not None and self.last_step is not None:
            return self._reports.ended_by(self.planned_steps)
        epochs = self.epochs()
        if self.planned_epochs is None or epochs is None or not epochs.complete:
            return False
        return is_last_report(epochs.last, self.planned_epochs, 1.0, from_zero=epochs.first == 0.0)

    def epochs(self) -> Epochs | None:
        """The epochs that training lines tell, else those of evaluations: what is evaluated is over."""
        if self.first_epoch is not None and self.last_epoch is not None:
            return Epochs(self.line, self.first_epoch, self.last_epoch, self.epoch_complete)
        if self.evaluated is None:
            return None
        return Epochs(self.evaluated_line, *self.evaluated, self.evaluated_line > self.line)

    def _enter(self, epoch: float) -> None:
        if self.first_epoch is None:
            self.first_epoch = epoch
        if epoch != self.last_epoch:
            self._batches_before = self._batches.number
            self._batches = _Reports()
        self.last_epoch = epoch

    def _is_last_batch(self, place: Place) -> bool:
        """By the number of batches where the line tells it, else by as many reports as the epoch before had."""
        if place.of is not None:
            return self._batches.ended_by(place.of)
        return 0 < self._batches_before <= self._batches.number

    def _is_broken_off(self, place: Place) -> bool:
        """Whether the run, should it have ended here, ended within an epoch: by the number of batches, or by two
        reports fewer than the epoch before had."""
        if self.last_epoch is None or self.epoch_complete:
            return False
        return place.of is not None or self._batches_before > self._batches.number + 1

    def _growing(self, place: Place) -> float:
        step = place.step or 0.0
        epoch = self.last_epoch
        if place.within and place.of and place.epoch is None and (epoch is None or self._pass is not None):
            return self._through_passes(step, place.of)
        if place.within and place.of and epoch is not None and self.first_epoch is not None:
            return max(epoch - self.first_epoch, 0.0) * place.of + step
        if place.of and epoch is None:
            self.planned_steps = place.of
        advanced = epoch is not None and self._counted_epoch is not None and epoch > self._counted_epoch
        if advanced and self._count is not None and step <= self._count:
            self._offset += place.of or self._count
        self._count, self._counted_epoch = step, epoch
        return self._offset + step

    def _through_passes(self, step: float, of: float) -> float:
        """A count that stood before any epoch: the plan of the run, until it starts anew after its end or an epoch is
        told; then it is that of one pass over the data."""
        epoch, before = self.last_epoch, self._count
        entered = epoch is not None and epoch != self._counted_epoch
        anew = before is not None and (step < before or (step == before and entered))
        through = entered or (epoch is None and before is not None and before + self._batches.interval >= of)
        self._offset += of if anew and through else 0.0
        if self._offset == 0.0 and epoch is None:
            self.planned_steps = self._pass = of
        elif self.planned_steps == self._pass:
            self.planned_steps = None
        self._count, self._counted_epoch = step, epoch
        return self._offset + step
