"""The server's entry in `.mcp.json` (or `~/.claude.json`): put in and taken out without touching another character.

Parsing and writing anew would lose the user's own formatting, so the members of an object are located in the text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from misrun.assistants.refused import Refused

NAME, SERVERS = "misrun", "mcpServers"
Entry = Mapping[str, Any]
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Member:
    """One "key": value of an object: where the key starts, where the value starts and ends."""

    key: str
    start: int
    value: int
    end: int


def entry(text: str) -> Entry | None:
    """The server's entry, or None; Refused when the text is not what such a file holds."""
    found: Entry | None = _servers(text).get(NAME)
    return found


def add(text: str | None, new: Entry) -> tuple[str, str]:
    """The text with the entry, and a receipt that `remove` needs: what had to be made for it."""
    if text is None:
        return json.dumps({SERVERS: {NAME: new}}, indent=2) + "\n", "file"
    _servers(text)
    inner = _find(text, _start(text), SERVERS)
    if inner is None:
        return _inserted(text, _start(text), SERVERS, {NAME: new}, 1), "object"
    return _inserted(text, inner.value, NAME, new, 2), "member"


def remove(text: str, receipt: str) -> str:
    """The text without the entry and what was made for it; "" when nothing else is left of a file that was made."""
    servers = _find(text, _start(text), SERVERS)
    if servers is None:
        return text
    text = _without(text, servers.value, NAME)
    if receipt != "member" and not _servers(text):
        text = _without(text, _start(text), SERVERS)
    return "" if receipt == "file" and json.loads(text) == {} else text


def _servers(text: str) -> dict[str, Any]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"it is not valid JSON ({error})") from error
    servers = whole.get(SERVERS, {}) if isinstance(whole, dict) else None
    if not isinstance(servers, dict):
        raise Refused(f'it is not an object whose "{SERVERS}" is an object')
    return servers


def _start(text: str) -> int:
    return _skip(text, 0)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _members(text: str, brace: int) -> list[_Member]:
    """The members of the object that opens at `brace`; the text is valid JSON."""
    found = []
    at = _skip(text, brace + 1)
    while text[at] != "}":
        key, after = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, after) + 1)
        _, end = _DECODER.raw_decode(text, value)
        found.append(_Member(key, at, value, end))
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _find(text: str, brace: int, key: str) -> _Member | None:
    """Of equal keys the last one counts, as for every JSON parser."""
    return next((member for member in reversed(_members(text, brace)) if member.key == key), None)


def _inserted(text: str, brace: int, key: str, value: object, depth: int) -> str:
    """The text with one more member behind the last one, in the style of its neighbours."""
    members = _members(text, brace)
    if not members:
        return f"{text[: brace + 1]}{json.dumps(key)}: {json.dumps(value)}{text[brace + 1 :]}"
    last = members[-1]
    before = members[-2].end if len(members) > 1 else brace + 1
    gap = (
        text[before : last.start].lstrip(" \t\r\n").removeprefix(",") if len(members) > 1 else text[before : last.start]
    )
    return f"{text[: last.end]},{gap}{json.dumps(key)}: {_written(value, gap, depth)}{text[last.end :]}"


def _written(value: object, gap: str, depth: int) -> str:
    """The value on one line, or on lines of its own where the neighbours have them."""
    if "\n" not in gap:
        return json.dumps(value)
    indent = gap.rsplit("\n", 1)[1]
    unit = indent[: len(indent) // depth] or "  "
    lines = json.dumps(value, indent=unit).split("\n")
    return ("\r\n" if "\r\n" in gap else "\n").join((lines[0], *(indent + line for line in lines[1:])))


def _without(text: str, brace: int, key: str) -> str:
    """The text without the member: the reverse of `_inserted` where it is the last one."""
    members = _members(text, brace)
    gone = _find(text, brace, key)
    if gone is None:
        return text
    place = members.index(gone)
    if place > 0:
        return text[: members[place - 1].end] + text[gone.end :]
    end = members[1].start if len(members) > 1 else gone.end
    return text[: gone.start] + text[end:]
