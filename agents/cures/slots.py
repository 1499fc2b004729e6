"""The slot table: every name a template may use, each with the function that fills it from a run."""

from collections.abc import Callable

from misrun.agents.cures.facts import RunFacts, Value, cite
from misrun.agents.cures.quantity import numbers_in, parse_number
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number

Filler = Callable[[RunFacts], Value | None]
SLOTS: dict[str, Filler] = {}


def slot(name: str) -> Callable[[Filler], Filler]:
    """Enter a function in the table under that name."""

    def enter(filler: Filler) -> Filler:
        if name in SLOTS:
            raise ValueError(f"slot {name} is defined twice")
        SLOTS[name] = filler
        return filler

    return enter


def slot_value(name: str, facts: RunFacts) -> Value | None:
    """What fills `name`, or None. "signal.<name>" is that signal's own sentence. Unknown names raise KeyError."""
    _load()
    if name.startswith("signal."):
        return _sentence(facts.signal(name.removeprefix("signal.")), facts)
    return SLOTS[name](facts)


def _load() -> None:
    """The modules that fill the table; inside a function because they import this one."""
    from misrun.agents.cures import (  # noqa: F401
        batch_slots,
        curve_slots,
        error_slots,
        guard_slots,
        length_slots,
        setting_slots,
    )


def _sentence(signal: Signal | None, facts: RunFacts) -> Value | None:
    """A signal's sentence. Its numbers that are points of a cited series are quotations, the others were computed."""
    if signal is None or not signal.spans:
        return None
    points = _cited_points(signal, facts)
    computed = tuple(token for token in numbers_in(signal.text) if number(parse_number(token)) not in points)
    return Value(signal.text, refs=tuple(cite(span) for span in signal.spans), computed=computed)


def _cited_points(signal: Signal, facts: RunFacts) -> set[str]:
    found: set[str] = set()
    for span in signal.spans:
        for series in facts.run.series:
            places = series.lines if span.unit == "line" else series.steps
            inside = [
                i for i, place in enumerate(places) if series.file == span.file and span.first <= place <= span.last
            ]
            found |= {number(value) for i in inside for value in (series.values[i], series.steps[i])}
    return found
