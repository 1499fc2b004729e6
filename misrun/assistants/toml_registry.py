"""The server's table in `.codex/config.toml`: appended as text and cut out as the same text, so that comments stay."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from misrun.assistants.refused import Refused

NAME, SERVERS = "misrun", "mcp_servers"
Entry = Mapping[str, Any]


def entry(text: str) -> Entry | None:
    """The server's table, or None; Refused when the text is not TOML."""
    servers = _parsed(text).get(SERVERS, {})
    return servers.get(NAME) if isinstance(servers, dict) else None


def add(text: str | None, new: Entry) -> tuple[str, str]:
    """The text with the table at its end, and the appended piece as the receipt."""
    old = text or ""
    end = "\r\n" if "\r\n" in old else "\n"
    gap = "" if not old else end if old.endswith("\n") else 2 * end
    # A JSON string or list of strings is a TOML one, but for "/" escapes, which json.dumps does not write.
    lines = (f"[{SERVERS}.{NAME}]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in new.items()))
    piece = gap + end.join(lines) + end
    _check(old, old + piece, new)
    return old + piece, piece


def remove(text: str, receipt: str) -> str:
    """The text without the piece; Refused when it does not stand there as it was put."""
    if text.count(receipt) != 1:
        raise Refused(f"the table [{SERVERS}.{NAME}] does not stand there as it was written")
    left = text.replace(receipt, "")
    _parsed(left)
    return left


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"it is not valid TOML ({error})") from error


def _check(old: str, text: str, new: Entry) -> None:
    """The file says what it said and the new table besides; an inline `mcp_servers = {...}` cannot be added to."""
    expected = _parsed(old)
    servers = expected.setdefault(SERVERS, {})
    if not isinstance(servers, dict):
        raise Refused(f"its {SERVERS} is not a table")
    servers[NAME] = dict(new)
    if _parsed(text) != expected:
        raise Refused(f"a table [{SERVERS}.{NAME}] would change what else it says")
