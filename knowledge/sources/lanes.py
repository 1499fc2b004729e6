"""What is remembered of each host between requests and between runs of the program: when it was asked last, and whether
it asked to be left alone.

A circuit breaker (Nygard, Release It!, 2nd ed. 2018, ch. 5): after some failures in a row a host is not asked for a
while. Each command is a process of its own, so this is kept in files; without them every command would begin by running
into the same wall.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from misrun.tools.record import Record

# Judgements: each failure here is one question with all its retries, so a third one is no accident; five minutes is
# what a restart or a full minute-based quota takes.
MOST_FAILURES = 3
REST_SECONDS = 300.0
# Whatever a host asks for, it is asked again after a day, which is the longest quota any of them documents.
_LONGEST_REST = 86_400.0


class Lane(Record):
    """One host (or one of its methods that is counted apart)."""

    failures: int = 0
    closed_until: float = 0.0
    next_slot: float = 0.0
    reason: str = ""


class Lanes:
    """All lanes, one file each in `folder`. A file that cannot be read counts as new; one that cannot be written is let
    go: the cost is a request too many, never a failed search."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now

    def closed(self, name: str) -> str:
        """Why the host is not to be asked now, or an empty text."""
        lane = self._read(name)
        left = lane.closed_until - self._now()
        return f"{lane.reason}; asked again in {duration(left)}" if left > 0 else ""

    def reserve(self, name: str, pause: float) -> float:
        """Seconds to wait before the next request, so that two begin at least `pause` apart, also across processes."""
        lane, now = self._read(name), self._now()
        # A slot further off than ten requests comes from a clock that was set back.
        slot = max(now, lane.next_slot) if lane.next_slot - now < 10 * pause else now
        self._write(name, lane.model_copy(update={"next_slot": slot + pause}))
        return slot - now

    def worked(self, name: str) -> None:
        self._write(name, self._read(name).model_copy(update={"failures": 0, "reason": ""}))

    def failed(self, name: str, reason: str) -> None:
        """One more failure; at MOST_FAILURES the lane closes for a while."""
        lane = self._read(name)
        lane = lane.model_copy(update={"failures": lane.failures + 1, "reason": reason})
        self._write(name, lane)
        if lane.failures >= MOST_FAILURES:
            self.close(name, REST_SECONDS, f"it failed {lane.failures} times in a row, last: {reason}")

    def close(self, name: str, seconds: float, reason: str) -> None:
        """Leave the host alone for so long, as it asked."""
        until = self._now() + min(max(0.0, seconds), _LONGEST_REST)
        self._write(name, self._read(name).model_copy(update={"closed_until": until, "reason": reason}))

    def _read(self, name: str) -> Lane:
        try:
            return Lane.model_validate(json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return Lane()

    def _write(self, name: str, lane: Lane) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.json").write_text(lane.model_dump_json(), encoding="utf-8")
        except OSError:
            return


def duration(seconds: float) -> str:
    """ "40 s", "5 min", "3 h", "2 days"."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"
