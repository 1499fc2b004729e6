"""What a log says about the lengths of its samples: "tokens per card: mean 26.1, p99 38, max 640"."""

import re
from pathlib import Path

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Record, Span

# Data sets are described before training begins.
_HEAD_LINES = 400
_LINE_CHARACTERS = 1000
_ABOUT_LENGTHS = re.compile(r"\b(?:words?|tokens?|lengths?|len|characters|chars|events|frames|subwords|pieces)\b", re.I)
_LONGEST = re.compile(r"\b(?:max(?:imum)?|longest)\b\W{0,3}(\d{1,7})\b(?!\.\d)", re.I)
_NEARLY = re.compile(r"\b(?:p99|99(?:th)?(?: ?%%?| percentile| pct))\W{0,3}(\d{1,7})\b(?!\.\d)", re.I)


class DescribedLengths(Record):
    """The longest sample and the 99th percentile, as far as they are told, with the line that says so."""

    longest: int | None
    nearly_longest: int | None
    span: Span


def described_lengths(run: RunRecord) -> DescribedLengths | None:
    """The first line at the head of a text log that tells how long the samples are."""
    for source in run.files:
        if source.reader == "text log":
            found = _in_file(Path(run.root) / source.path, source.path)
            if found is not None:
                return found
    return None


def _in_file(path: Path, name: str) -> DescribedLengths | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            head = [line[:_LINE_CHARACTERS] for _, line in zip(range(_HEAD_LINES), stream, strict=False)]
    except OSError:
        return None
    for number, line in enumerate(head, 1):
        longest, nearly = _LONGEST.search(line), _NEARLY.search(line)
        if (longest or nearly) and _ABOUT_LENGTHS.search(line):
            return DescribedLengths(
                longest=int(longest[1]) if longest else None,
                nearly_longest=int(nearly[1]) if nearly else None,
                span=Span(file=name, first=number, last=number),
            )
    return None
