"""Shell scripts that start a run: variables, scheduler headers, and the command's flags."""

import re
from collections.abc import Iterator

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.command_line import expanded, runs_training, settings_of, words_of
from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.reader import Source
from misrun.tools.record import Span

_SUFFIX = re.compile(r"\.(?:sh|bash|zsh|slurm|sbatch|sub|job|pbs|lsf)$", re.IGNORECASE)
_SHEBANG = re.compile(rb"^#!\s*/\S*(?:bash|sh|zsh|env\s+(?:bash|sh|zsh))\b")
_SCHEDULER = re.compile(r"^#(SBATCH|PBS|BSUB|\$)\s+(.*)$")
_ASSIGNMENT = re.compile(
    r"^\s*(export\s+|declare\s+(?:-\w+\s+)?|local\s+)?([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;&|]*)\s*(?:[;#].*)?$"
)
_LEADING = re.compile(r"^\s*([A-Z_][A-Z0-9_]*)=(\S+)\s+(?=\S)")
_MAX_BYTES = 2**20


class ShellScript:
    """Each flag is cited with the exact line of a continued command on which it stands."""

    name = "shell script"

    def sniff(self, source: Source) -> bool:
        return b"\0" not in source.head and (
            _SUFFIX.search(source.name) is not None or _SHEBANG.match(source.head) is not None
        )

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open(encoding="utf-8-sig", errors="replace") as stream:
            text = stream.read(_MAX_BYTES)
        variables: dict[str, str] = {}
        for number, physical in _commands(text):
            _add_command(number, physical, source.name, variables, run)


def _commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """Commands as (first line number, physical lines); a backslash at the end of a line continues it."""
    pending: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        pending.append(line[:-1] if line.endswith("\\") else line)
        if not line.endswith("\\"):
            yield number - len(pending) + 1, pending
            pending = []
    if pending:
        yield text.count("\n") + 2 - len(pending), pending


def _add_command(first: int, physical: list[str], file: str, variables: dict[str, str], run: RunBuilder) -> None:
    command = " ".join(physical)
    header = _SCHEDULER.match(command)
    assignment = _ASSIGNMENT.match(command)
    if header:
        prefix = {"SBATCH": "slurm", "PBS": "pbs", "BSUB": "lsf"}.get(header[1], "sge")
        for name, value in settings_of(words_of(header[2])):
            run.config(f"{prefix}.{name}", value, span=Span(file=file, first=first, last=first), origin="command")
    elif assignment:
        _add_variable(first, assignment[2], assignment[3], bool(assignment[1]), file, variables, run)
    elif not command.lstrip().startswith("#") and runs_training(command):
        _add_training(first, physical, file, variables, run)


def _add_variable(
    line: int, name: str, written: str, exported: bool, file: str, variables: dict[str, str], run: RunBuilder
) -> None:
    value = expanded([written.strip("\"'")], variables)[0]
    variables[name] = value
    named = f"env.{name}" if exported else name
    run.config(named, parse_scalar(value), span=Span(file=file, first=line, last=line), origin="command")


def _add_training(first: int, physical: list[str], file: str, variables: dict[str, str], run: RunBuilder) -> None:
    command = " ".join(physical)
    while leading := _LEADING.match(command):  # CUDA_VISIBLE_DEVICES=0 python train.py
        span = Span(file=file, first=first, last=first)
        run.config(f"env.{leading[1]}", parse_scalar(leading[2]), span=span, origin="command")
        command = command[leading.end() :]
    at = 0
    for name, value in settings_of(expanded(words_of(command), variables)):
        at = _line_of(name, physical, at)
        span = Span(file=file, first=first + at, last=first + at)
        run.config(name, value, span=span, origin="command")


def _line_of(name: str, physical: list[str], start: int) -> int:
    """Which physical line, from `start` on, spells the flag; `start` when none does."""
    bare = name.rsplit(".", 1)[-1]
    pattern = re.compile(r"(?<![\w])" + re.escape(bare).replace("_", "[_-]") + r"(?![\w])")
    return next((i for i in range(start, len(physical)) if pattern.search(physical[i])), start)
