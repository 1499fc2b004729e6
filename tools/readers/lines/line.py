"""One line of a log, cleaned for the parsers, and what every line parser is."""

import re
from dataclasses import dataclass
from typing import Protocol

# CSI sequences (ECMA-48 5.4), OSC sequences up to BEL or ST, single-character escapes.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[@-Z\\-_])")
_QUOTE = re.compile(r"^(?:> ?){1,4}")
# "[rank1]: " since torch 2.2, "[default1]:" from torchrun's tee, "[1,3]<stderr>:" from mpirun --tag-output, the pod of
# a StatefulSet or an indexed job from kubectl logs --prefix.
PREFIX = r"\[(?:rank|default)\d+\]|\[\d+,\d+\]<std(?:err|out)>|\[pod/[a-z0-9.\-]{1,253}-\d+/[^\]\n]{1,253}\]"
_RANK = re.compile(r"^\s?(?:\d\d:\d\d:\d\d\S{0,12} )?(?:" + PREFIX + r"):? ?")
_LAST_NUMBER = re.compile(r"(\d+)(?:\]|>|/[^\]]*\])")
# srun --label: "3: text"
LABEL = r" {0,5}\d{1,5}: "
_LABEL = re.compile(f"^{LABEL}")
# Axolotl "[RANK:1]"; c10's second NCCL backend "[rank=3][name=default]"; flight recorder; DeepSpeed's loss scaler;
# Megatron's rerun_state_machine; srun.
_INNER_RANK = re.compile(
    r"\[(?:PG [^\]]{1,120} )?Rank (\d+)\]|\(RayTrainWorker [^)]{0,80}rank=(\d+)|\[RANK:(\d+)\]|^\[rank=(\d+)\]"
    r"|Culprit rank (\d+)|OVERFLOW! Rank (\d+)|Unexpected result \S{1,20} on rank (\d+)"
    r"|^srun: error: [^:\s]{1,253}: task (\d+):"
)


@dataclass(slots=True)
class Line:
    """`text` is what a terminal would show, `body` is `text` without quote marks and rank prefix."""

    number: int
    text: str
    body: str
    rank: int | None


class LineParser(Protocol):
    """`feed` answers whether the line meant something to the parser, so that lines of a shape that means nothing to
    anyone are not shown again. `busy` asks for every following line, `close` comes after the last one."""

    @property
    def busy(self) -> bool: ...

    def feed(self, line: Line) -> bool: ...

    def close(self) -> None: ...


def clean(text: str) -> str:
    """Without terminal escapes, backspaces and NULs."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\b" in text:
        text = text.replace("\b", "")
    if "\0" in text:
        text = text.replace("\0", "")
    return text.rstrip("\r\n")


def rank_of_prefix(prefix: str) -> int:
    """The rank that a text told by `PREFIX` or `LABEL` holds."""
    found = _LAST_NUMBER.search(prefix)
    return int(found[1] if found else prefix.strip(" :"))


def labelled_line(number: int, text: str) -> Line:
    """A line of a log in which srun put the rank before every line: `text` and `body` go without it."""
    found = _LABEL.match(text)
    line = line_of(number, text[found.end() :] if found else text)
    if found:
        line.rank = rank_of_prefix(found[0])
    return line


def line_of(number: int, text: str) -> Line:
    body = text
    if body.startswith(">"):
        body = _QUOTE.sub("", body, count=1)
    found = _RANK.match(body) if "[" in body[:24] else None
    if found:
        return Line(number, text, body[found.end() :], rank_of_prefix(found[0]))
    inner = _INNER_RANK.search(body, 0, 400) if "ank" in body or "RANK:" in body or "task " in body else None
    return Line(number, text, body, int(inner[inner.lastindex or 0]) if inner else None)
