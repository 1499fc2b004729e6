"""When a line was printed, by the stamp at its head: ISO and logging's asctime, glog (absl, c10 and NCCL), torchrun,
syslog, MMEngine and detectron2, bare clock times.

Forms: Python logging (asctime), glog's LOG_EVERY prefix (c10/util/Logging.cpp prints month and day as a number, 419 or
0419), torch/distributed/elastic/multiprocessing/errors ("2026-11-20_04:15:34"), RFC 3164.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_CLOCK = r"(?P<{0}h>\d\d):(?P<{0}m>\d\d):(?P<{0}s>\d\d)(?:[.,](?P<{0}f>\d{{1,9}}))?"
_STAMP = re.compile(
    r"(?P<y>(?:19|20)\d\d)[-/](?P<mo>\d\d)[-/](?P<d>\d\d)[T _]" + _CLOCK.format("i")
    + r"|\b[EWIFD](?P<gmo>\d{1,2})(?P<gd>\d\d) " + _CLOCK.format("g")
    + r"|(?P<umo>\d\d)/(?P<ud>\d\d)(?:/(?P<uy>\d{4}))? " + _CLOCK.format("u")
    + r"|\b(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(?P<sd>\d{1,2}) " + _CLOCK.format("s")
    + r"|(?:^|\[|\s)" + _CLOCK.format("c") + r"(?=[\]\s|])"
)  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Stamps stand at the head of a line, behind the prefixes of launchers and collectors.
_HEAD = 160
# A stamp without a year counts as of this one, which has a 29th of February; one without a date as of 1970-01-01.
_NO_YEAR = 1972
_DAY = 86_400.0
_FIRST_YEAR = datetime(_NO_YEAR + 1, 1, 1, tzinfo=UTC).timestamp()
# A traceback of a deep model has this many lines between the stamped ones.
_LINES_BACK = 200


def stamp(text: str) -> float | None:
    """Seconds since 1970 by the stamp of a line, its time zone taken as UTC; None where it has none.

    Without a year the number lies in 1972, without a date in the first day of 1970: see `comparable`.
    """
    found = _STAMP.search(text, 0, _HEAD)
    if found is None:
        return None
    part = found.groupdict()
    kind = next(kind for kind in "igusc" if part[f"{kind}h"])
    year, month, day = _date(kind, part)
    hour, minute, second = (int(part[f"{kind}{unit}"]) for unit in "hms")
    try:
        whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return whole.timestamp() + float(f"0.{part[f'{kind}f'] or 0}")


def _date(kind: str, part: dict[str, str | None]) -> tuple[int, int, int]:
    if kind == "i":
        return int(part["y"] or 0), int(part["mo"] or 0), int(part["d"] or 0)
    if kind == "g":
        return _NO_YEAR, int(part["gmo"] or 0), int(part["gd"] or 0)
    if kind == "u":
        return int(part["uy"] or _NO_YEAR), int(part["umo"] or 0), int(part["ud"] or 0)
    if kind == "s":
        return _NO_YEAR, _MONTHS.index(part["name"] or "") + 1, int(part["sd"] or 0)
    return 1970, 1, 1


def comparable(times: Sequence[float]) -> list[float]:
    """The same moments in what all of them tell: the time of day, or the day of the year, or the full date."""
    if times and min(times) < _DAY:
        return [time % _DAY for time in times]
    if times and min(times) < _FIRST_YEAR <= max(times):
        return [_without_year(time) for time in times]
    return list(times)


def _without_year(time: float) -> float:
    return datetime.fromtimestamp(time, tz=UTC).replace(year=_NO_YEAR).timestamp()


class Clock:
    """Tells when a line of the block that is being read was printed, by its own stamp or the last one before it."""

    def __init__(self) -> None:
        self._first = 1
        self._lines: Sequence[bytes] = ()
        self._before: Sequence[bytes] = ()

    def block(self, first: int, lines: Sequence[bytes]) -> None:
        """The lines `first`, `first` + 1, ... are read next."""
        self._first, self._lines, self._before = first, lines, self._lines

    def at(self, line: int) -> float | None:
        """Seconds as `stamp` gives them, or None where no line near tells."""
        count = line - self._first + 1
        found = _last(self._lines[max(count - _LINES_BACK, 0) : max(count, 0)])
        return _last(self._before[-_LINES_BACK:]) if found is None else found

    def end(self) -> float | None:
        """When the last line of the block was printed."""
        return self.at(self._first + len(self._lines) - 1)


def _last(lines: Sequence[bytes]) -> float | None:
    stamps = (stamp(raw[:_HEAD].decode("utf-8", "replace")) for raw in reversed(lines))
    return next((time for time in stamps if time is not None), None)
