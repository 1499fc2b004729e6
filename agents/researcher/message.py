"""What a message is made of, before anybody asks what it means: a command, a path, material of a run, or words."""

import re
from pathlib import Path
from typing import Literal

from misrun.tools.readers.registry import read_text
from misrun.tools.record import Record

Material = Literal["", "log", "code", "settings"]

# Enough of a paste to see what kind of text it is; all of it is read when it is investigated.
_LOOKED_AT = 200_000
_CODE_LINE = re.compile(
    r"^\s*(?:import \w|from [\w.]+ import |def \w+\(|class \w+|for .+:$|with .+:$|if .+:$|@\w)", re.M
)
_STATEMENT = re.compile(r"^\s*[\w.,\[\] ]+ = \S|^\s*[\w.]+\(.*\)\s*$", re.M)
_SETTING_LINE = re.compile(r"^\s*(?:- )?[\w.\"'/-]+\s*[:=]\s*\S*|^\s*[{}\[\],]+\s*$")
_ONE_SETTING = re.compile(r"^\s*[\w.-]+\s*[:=]\s*\S+\s*$")
_ERROR_LINE = re.compile(r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)\b: |^Traceback \(most recent", re.M)
_QUOTES = "\"'`"
# What users say themselves is an event too; these stand in the text of no program.
_SAID = "said_"


class Message(Record):
    """One message. `command` is set for "/why 2", with `about` the rest; of words, `about` is the whole text. `path` is
    a file or folder that it names and that exists. `material` says what kind of text from a run it holds."""

    text: str
    command: str = ""
    about: str = ""
    path: str = ""
    material: Material = ""


def read_message(text: str, commands: frozenset[str]) -> Message:
    """Takes a message apart. What begins with a slash is a command only if it is one: paths do so, too."""
    plain = text.strip()
    first, _, rest = plain.partition(" ")
    if "\n" not in first and first[:1] == "/" and first[1:].lower() in commands:
        about = rest.strip()
        return Message(text=text, command=first[1:].lower(), about=about, path=_path_in(about))
    path = _path_in(plain) if "\n" not in plain else ""
    return Message(text=text, about=plain, path=path, material="" if path else material_of(plain))


def material_of(text: str) -> Material:
    """What kind of text from a run this is; "" for words."""
    sample = text[:_LOOKED_AT]
    lines = [line for line in sample.splitlines() if line.strip()]
    if _is_log(sample):
        return "log"
    if len(lines) < 2:
        return "settings" if _ONE_SETTING.match(text) else ""
    if len(_CODE_LINE.findall(sample)) + len(_STATEMENT.findall(sample)) >= max(2, len(lines) // 3):
        return "code"
    if sum(1 for line in lines if _SETTING_LINE.match(line)) >= 0.8 * len(lines):
        return "settings"
    return ""


def _is_log(text: str) -> bool:
    """Whether something in it was printed by a program: an error, a traceback, or a metric with its step."""
    if _ERROR_LINE.search(text):
        return True
    run = read_text(text)
    printed = [event for event in run.events if not event.name.startswith(_SAID)]
    counted = [series for series in run.series if series.step_kind != "index" or len(series.values) > 1]
    return bool(printed or counted)


def _path_in(text: str) -> str:
    """The first word (or quoted words) that is an existing file or folder, as an absolute path; "" for none."""
    whole = text.strip().strip(_QUOTES)
    quoted = re.findall(r"[\"'`]([^\"'`]+)[\"'`]", text)
    for word in (whole, *quoted, *(word.strip(_QUOTES + ".,;?!") for word in text.split())):
        if _worth_a_look(word) and (found := _existing(word)):
            return found
    return ""


def _worth_a_look(word: str) -> bool:
    """A bare word such as "code" may be a folder here by chance: only what looks like a path is one."""
    return len(word) < 4096 and (
        "/" in word or "\\" in word or word.startswith("~") or bool(re.search(r"\w\.\w", word))
    )


def _existing(word: str) -> str:
    try:
        path = Path(word).expanduser()
        return str(path.absolute()) if path.exists() else ""
    except (OSError, ValueError, RuntimeError):  # no name of a file: too long, a NUL byte, an unknown ~user
        return ""
