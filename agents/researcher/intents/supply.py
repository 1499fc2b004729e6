"""Text and files from a run that the user supplies: they become part of what is investigated."""

import re
from pathlib import Path

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.open_run import known_case, new_case
from misrun.agents.researcher.room import Room
from misrun.tools.redact.redactor import Redactor

# More text than this beside a run is a run of its own.
_LARGEST_FILE = 20_000_000
# "The learning rate was 0.1": a setting in words.
_SAID_SETTING = re.compile(
    r"^(?:and |so )*(?:my |the |our |i (?:use|used|had|have|set) )*(?:a |an )?(?P<name>[A-Za-z][\w ]{1,30}?)"
    r" (?:is|was|were|of|to) (?P<value>[+-]?[\d.]+(?:e[+-]?\d+)?)\W*$",
    re.I,
)
_SUFFIX = {"code": ".py", "settings": ".yaml"}


def _change(heard: Heard, room: Room) -> Case | Answer:
    """A folder is a run; a file is one too, unless a pasted run waits for it or it lies beside the one talked about."""
    if not heard.path:
        case = _pasted(heard, room.case or new_case(heard, room, None))
        return case.model_copy(update={"tried": tuple(dict.fromkeys((*case.tried, *heard.tried)))})
    path = Path(heard.path)
    if path.is_dir() or room.case is None:
        return known_case(room, heard.path) or new_case(heard, room, heard.path)
    if room.case.path and path.resolve().is_relative_to(Path(room.case.path).resolve()):
        return Answer(
            intent="supply",
            head=f"{path.name} lies in {room.case.name} and was read with it.",
            lines=(Line(text=f"/code {path.name} shows it; /investigate reads the whole run again."),),
        )
    return _file(path, heard, room.case)


def _pasted(heard: Heard, case: Case) -> Case:
    """Beside a folder everything is one text; a run that is only pasted gets its code and settings as files."""
    if setting := _said_setting(heard.text):
        return _pasted(heard.model_copy(update={"text": setting, "material": "settings"}), case)
    if case.path is None and heard.material in _SUFFIX:
        suffix = ".json" if heard.text.lstrip()[:1] == "{" else _SUFFIX[heard.material]
        return case.with_file(
            f"pasted-{heard.turn}{suffix}", heard.text.replace(" = ", ": ") if suffix == ".yaml" else heard.text
        )
    return case.with_piece(heard.turn, heard.text)


def _said_setting(text: str) -> str:
    """The setting that a sentence states, as a line that is read as one."""
    said = _SAID_SETTING.match(text.strip())
    return f"{'_'.join(said['name'].lower().split())}: {said['value']}" if said else ""


def _file(path: Path, heard: Heard, case: Case) -> Case | Answer:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise OSError(f"it is larger than {_LARGEST_FILE:,} bytes")
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            raise OSError("it is not text")
    except OSError as error:
        return Answer(
            intent="supply",
            head=f"{path.name} cannot be read here: {error.strerror or error}.",
            lines=(Line(text=f"To investigate it as a run of its own: /investigate {path}"),),
        )
    text = Redactor().text(data.decode("utf-8", errors="replace"))
    return case.with_file(path.name, text) if case.path is None else case.with_piece(heard.turn, text)


INTENT = Intent(
    name="supply",
    meaning="supplies something from a run: a log, a traceback, settings, code, a file, or what was observed",
    change=_change,
)
