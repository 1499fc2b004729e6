"""Turns from a pipe: a block between blank lines is one turn where it is text from a run, else each line is one."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.message import material_of
from misrun.chat.own_commands import carried_out
from misrun.chat.turn import show_turn
from misrun.tools.visible_text import visible

_FENCE = "```"


def talk_through(console: Console, conversation: Conversation, lines: Iterable[str]) -> None:
    """Answers turn by turn until the input ends; each turn is shown before its answer."""
    for said in turns_of(lines):
        console.print(Text(f"\n> {_first_line(said)}", style="dim"))
        if carried_out(console, conversation, said):
            continue
        if not show_turn(console, conversation, conversation.say(said)):
            return


def turns_of(lines: Iterable[str]) -> Iterator[str]:
    """The turns in `lines`. A command is a turn at once; what stands between fences (```) is one, with blank lines."""
    block: list[str] = []
    fenced = False
    for line in lines:
        text = line.rstrip("\r\n")
        if text.strip() == _FENCE:
            yield from _fence(block) if fenced else _turns(block)
            block, fenced = [], not fenced
        elif fenced or (text.strip() and not _is_command(text)):
            block.append(text)
        else:
            yield from _turns(block)
            yield from [text] if text.strip() else []
            block = []
    yield from _turns(block)


def _fence(block: list[str]) -> list[str]:
    return ["\n".join(block)] if any(map(str.strip, block)) else []


def _turns(block: list[str]) -> list[str]:
    whole = "\n".join(block)
    return [whole] if len(block) > 1 and material_of(whole) else block


def _is_command(text: str) -> bool:
    return text[:1] == "/" and "/" not in text.split()[0][1:]


def _first_line(said: str) -> str:
    first, *rest = said.strip().splitlines()
    return visible(first) + (f"  (and {len(rest)} more lines)" if rest else "")
