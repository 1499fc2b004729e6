"""Runs every expression of the readers and of the redaction over lines made to hold it up; prints those that are.

A search that takes linear time is done with a line in milliseconds; one that takes quadratic time needs more than
_MOST_SECONDS of processor time. Started by test_hostile_patterns.py in a process of its own."""

import importlib
import pkgutil
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

import misrun.tools.readers
import misrun.tools.redact

_LENGTH = 16_384
_MOST_SECONDS = 4.0
# Applied at one place of a text, never searched for in it.
_MATCHED = ("misrun.tools.redact.names", "misrun.tools.redact.private_keys._BODY")
_PIECES = (
    "a", "0", " ", "=", "(", "[", "{", "'", '"', "/", "\\", "-", ".", "_", ":", "|", "%", ",", "<", "a=", "1.", "1e", "a ", " a", "a: ",
    "a_", "=a ", "x=1, ", "[a](", "1/", "--a ", "/a", "a.b", "://", "eyJ", "token=", "AKIA", "-----BEGIN ", "Error: ", '  File "',
    "loss ", "step 1 ", "rank 0 ", "100%|", "\x1b[", "é", "'a': ", "Cookie: ", "Bearer ", "user@", "hf_",
)  # fmt: skip


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for package in (misrun.tools.readers, misrun.tools.redact):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from ((f"{module.name}.{name}", found) for found in _inside(value, 3))


def _inside(value: object, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from (found for item in value.values() for found in _inside(item, depth - 1))
    elif depth and isinstance(value, tuple | list):
        yield from (found for item in value for found in _inside(item, depth - 1))


class _HeldUpError(Exception):
    pass


def _stop(*_: object) -> None:
    raise _HeldUpError


def _is_held_up(pattern: re.Pattern[Any], line: str, matched: bool) -> bool:
    text = line.encode() if isinstance(pattern.pattern, bytes) else line
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    try:
        pattern.match(text) if matched else pattern.search(text)
    except _HeldUpError:  # raised once the search is over, or between its steps
        return True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return False


def main() -> None:
    signal.signal(signal.SIGPROF, _stop)
    seen = {(pattern.pattern, pattern.flags): (name, pattern) for name, pattern in patterns()}
    for name, pattern in seen.values():
        for piece in _PIECES:
            line = piece * (_LENGTH // len(piece)) + "\x01"
            if _is_held_up(pattern, line, name.startswith(_MATCHED)):
                sys.stdout.write(f"{name} is held up by {piece!r}\n")
    sys.stderr.write(f"{len(seen)} expressions\n")


if __name__ == "__main__":
    main()
