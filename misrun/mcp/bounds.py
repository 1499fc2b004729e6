"""Answers that fit: what comes from a run can be of any length, what a client takes cannot."""

from collections.abc import Sequence
from typing import TypeVar

from misrun.tools.visible_text import visible

Item = TypeVar("Item")

# Claude Code warns above 10,000 tokens of a tool's output and cuts at 25,000 (MAX_MCP_OUTPUT_TOKENS,
# https://code.claude.com/docs/en/mcp). 24,000 characters of prose and code are some 7,000 tokens.
MOST_CHARACTERS = 24_000
# Of one sentence or one place in a list, and of a patch: a judgement, three screens of list and one of patch.
_TEXT = 500
PATCH = 2_000


def cut(text: str, most: int = _TEXT) -> str:
    """The text without characters that act on a display, shortened where it is too long, and saying so."""
    shown = visible(text)
    return shown if len(shown) <= most else f"{shown[:most]} [... {len(shown) - most:,} more characters]"


def cut_all(texts: Sequence[str], most: int = 8) -> tuple[str, ...]:
    """The first texts, each shortened, and how many more there are."""
    shown = tuple(cut(text) for text in texts[:most])
    return (*shown, f"and {len(texts) - most:,} more") if len(texts) > most else shown


def left_out(items: Sequence[Item], shown: int, what: str) -> tuple[str, ...]:
    """("12 findings",) when more were found than are shown."""
    more = len(items) - shown
    return (f"{more:,} {what}",) if more > 0 else ()
