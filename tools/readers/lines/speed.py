"""Speeds and durations that a metric line gives without a name: their unit says what they are."""

import re
from typing import NamedTuple

from misrun.tools.readers.lines.metric_words import unit_factor

# "0.11 s/it", "31.2 it/s"
_SPEED = re.compile(
    r"(?<![\w.=:/])(?P<value>\d{1,9}(?:\.\d{1,9})?) ?(?P<unit>(?:s|sec|ms)/(?:it|iter|step|batch)|it/s)\b"
)
# "loss 3.29  0.103 s", "(0.633) [2s]": a duration at the end of the line
_TOOK = re.compile(
    r"(?:[\d)\],|][ \t]{1,4}|[(\[])(?P<value>\d{1,6}(?:\.\d{1,6})?) ?(?P<unit>s|sec|secs|seconds|ms)[)\]]?\s{0,4}$"
)
# MaxText, src/maxtext/common/metric_logger.py
_COMPLETED = re.compile(r"\bcompleted step: \d{1,12}, seconds: (?P<value>\d{1,9}\.\d{1,9}),")


class Speed(NamedTuple):
    """Where the number begins in the line, the metric's name, and what the number is multiplied with."""

    offset: int
    name: str
    factor: float


def speed_of(text: str) -> Speed | None:
    """The speed of a line, or else the time it took in the unit of "time"; None for a line that gives neither."""
    if speed := _SPEED.search(text):
        return Speed(speed.start("value"), speed["unit"], 1.0)
    if completed := _COMPLETED.search(text):
        return Speed(completed.start("value"), "seconds per step", 1.0)
    if took := _TOOK.search(text):
        return Speed(took.start("value"), "time", unit_factor("time", took["unit"]))
    return None
