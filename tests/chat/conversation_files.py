"""Reads the scripted conversations: what is said, and what has to stand in the answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from misrun.agents.researcher.answer import Answer
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

FOLDER = Path(__file__).parent / "conversations"
FILES = sorted(FOLDER.glob("*.txt"))
_SLOT = re.compile(r"\{(run|name) (r\d+)\}")


@dataclass
class Exchange:
    said: str
    wanted: list[tuple[str, str]] = field(default_factory=list)


def exchanges(file: Path, runs: Path) -> Iterator[Exchange]:
    """The exchanges of a file, with the scenarios it names laid out below `runs`."""
    for block in re.split(r"\n\s*\n", file.read_text()):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        said = "\n".join(line[2:] for line in lines if line.startswith("> "))
        wanted = [tuple(line.split(": ", 1)) for line in lines if not line.startswith("> ")]
        if said:
            yield Exchange(_SLOT.sub(lambda slot: _laid_out(slot, runs), said), [(k, v) for k, v in wanted])


def _laid_out(slot: re.Match[str], runs: Path) -> str:
    folder = runs / slot[2]
    run = next(folder.iterdir()) if folder.is_dir() else lay_out(load(slot[2]), folder)
    return str(run) if slot[1] == "run" else run.name


def text_of(answer: Answer) -> str:
    return "\n".join([answer.head, *(line.text for line in answer.lines), *answer.notes])


def check(exchange: Exchange, answer: Answer) -> None:
    """Everything that the file wants of this answer."""
    text = text_of(answer)
    labels = {cite.label for cite in (*answer.cites, *(c for line in answer.lines for c in line.cites))}
    for kind, value in exchange.wanted:
        where = f"{exchange.said[:60]!r}: {kind} {value!r} in [{answer.intent}]\n{text}\n{sorted(labels)}"
        if kind == "intent":
            assert answer.intent == value, where
        elif kind == "has":
            assert value in text, where
        elif kind == "hasnt":
            assert value.lower() not in text.lower(), where
        elif kind == "cites":
            assert value in labels, where
        elif kind == "asks":
            assert value in answer.asks, f"{where}\nasks: {answer.asks}"
        else:
            raise AssertionError(f"{kind!r} is nothing to check")
