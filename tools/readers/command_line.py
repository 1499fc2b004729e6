"""Settings out of a command line: flags, Hydra overrides, and what a launcher was told."""

import re
import shlex
from collections.abc import Iterable, Sequence

from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.run_record import Scalar

Setting = tuple[str, Scalar | tuple[Scalar, ...]]

_FLAG = re.compile(r"^--?(?P<name>[A-Za-z_][\w.\-]{0,80})(?:=(?P<value>.*))?$", re.DOTALL)
_OVERRIDE = re.compile(r"^[+~]{0,2}(?P<name>[A-Za-z_][\w./@]{0,120})=(?P<value>.*)$", re.DOTALL)
_NUMBER = re.compile(r"^-?(?:\d|\.\d|inf|nan)", re.IGNORECASE)
_SCRIPT = re.compile(r"\.py$")
_SHELL = re.compile(r"^(?:\d?[<>|&;]|&&|\|\|)")
_LAUNCHERS = (
    "torchrun",
    "accelerate",
    "deepspeed",
    "srun",
    "mpirun",
    "mpiexec",
    "horovodrun",
    "sbatch",
    "python",
    "python3",
)
_RUNS_TRAINING = re.compile(
    r"(?:^|[\s/;&|])(?:torchrun|accelerate|deepspeed|srun|mpirun|mpiexec|horovodrun|fairseq-train|llamafactory-cli|"
    r"axolotl|tune|composer|yolo|nemo|xtuner|swift|python[\d.]*)(?=\s)"
)


# shlex takes quadratic time over one word; commands that people and launchers write have a few thousand characters.
_LONGEST = 20_000
_LONGEST_VALUE = 2_000


def words_of(command: str) -> list[str]:
    """The words of one shell command, or none where its quotes do not close or it is longer than a command can be."""
    if len(command) > _LONGEST:
        return []
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return []


def runs_training(command: str) -> bool:
    """Whether a shell command starts a Python program or a launcher of training."""
    return _RUNS_TRAINING.search(command) is not None


def settings_of(words: Sequence[str]) -> list[Setting]:
    """Settings in the words of a command, in order.

    `--lr 1e-3`, `--lr=1e-3`, `-b 32`, `model.dim=32` and a bare `--fp16` (True) are settings under their own name;
    flags before the script belong to the launcher and are prefixed with its name ("torchrun.nproc_per_node").
    """
    found: list[Setting] = []
    script = next((i for i, word in enumerate(words) if _SCRIPT.search(word)), -1)
    launcher = next((word.rsplit("/", 1)[-1] for word in words[: max(script, 0)] if _is_launcher(word)), "")
    at = 0
    while at < len(words):
        setting, used = _setting(words, at)
        if setting and launcher and at < script:
            setting = (f"{launcher}.{setting[0]}", setting[1])
        if setting:
            found.append(setting)
        at += used
    return found


def _is_launcher(word: str) -> bool:
    return word.rsplit("/", 1)[-1] in _LAUNCHERS


def _setting(words: Sequence[str], at: int) -> tuple[Setting | None, int]:
    """The setting that begins at `words[at]`, and how many words it takes."""
    flag = _FLAG.match(words[at])
    if flag and not _NUMBER.match(words[at]):
        name = flag["name"].replace("-", "_")
        if flag["value"] is not None:
            return (name, parse_scalar(flag["value"])), 1
        values = _values(words, at + 1)
        value = True if not values else values[0] if len(values) == 1 else tuple(values)
        return (name, value), 1 + len(values)
    override = _OVERRIDE.match(words[at])
    if override:
        return (override["name"].replace("/", "."), parse_scalar(override["value"])), 1
    return None, 1


def _values(words: Sequence[str], at: int) -> list[Scalar]:
    """The values of a flag: the next word if it is no flag and no script, or all numbers that follow."""
    end = at
    while end < len(words) and _NUMBER.match(words[end]):
        end += 1
    if end > at:
        return [parse_scalar(word) for word in words[at:end]]
    stops = at >= len(words) or words[at].startswith("-") or _SCRIPT.search(words[at]) or _SHELL.match(words[at])
    return [] if stops else [parse_scalar(words[at])]


def expanded(words: Iterable[str], variables: dict[str, str]) -> list[str]:
    """`$NAME`, `${NAME}` and `${NAME:-default}` replaced where the script itself sets them; others stay as written.
    What is longer than a command is cut: a variable can double itself from line to line."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match[1] or match[2], match[3] if match[3] is not None else match[0])
        return found[:_LONGEST_VALUE]

    return [re.sub(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}]*))?\})", value, word)[:_LONGEST] for word in words]
