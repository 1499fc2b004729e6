"""Commands of the terminal alone: what is written to files, and the list of conversations."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from misrun.agents.researcher.conversation import Conversation
from misrun.chat.export import to_markdown
from misrun.cli.output import Format, render
from misrun.tools.visible_text import visible

NAMES = {"export": "FILE", "sessions": ""}
_LISTED = 20
_BY_SUFFIX = {".json": Format.json, ".html": Format.html, ".txt": Format.terminal}


def carried_out(console: Console, conversation: Conversation, text: str) -> bool:
    """Carries out what is not for the researcher; false where the message is for the researcher."""
    command, _, argument = text.strip().partition(" ")
    argument = argument.strip().strip("\"'")
    if command == "/sessions":
        show_sessions(console, conversation)
    elif command == "/export":
        _write(console, argument or f"conversation-{conversation.session.id}.md", to_markdown(conversation))
    elif command == "/report" and argument:
        _write_report(console, conversation, argument)
    else:
        return False
    return True


def show_sessions(console: Console, conversation: Conversation) -> None:
    """The conversations that are kept, newest first."""
    listed = conversation.store.sessions()[:_LISTED]
    for item in listed:
        here = " (this one)" if item.id == conversation.session.id else ""
        turns = f"{item.turns} turn{'s' if item.turns != 1 else ''}"
        line = Text(f"{item.id}  {item.created[:16].replace('T', ' ')}  {turns:>9}  {visible(item.about)}{here}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)
    console.print(Text("misrun chat ID goes on with one." if listed else "No conversation is kept yet.", style="dim"))


def _write_report(console: Console, conversation: Conversation, file: str) -> None:
    report = conversation.report
    if report is None:
        console.print("There is no report yet: give a run first.")
        return
    _write(console, file, render(report, _BY_SUFFIX.get(Path(file).suffix, Format.markdown)))


def _write(console: Console, file: str, text: str) -> None:
    path = Path(file).expanduser()
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        console.print(Text(f"{path} cannot be written: {error.strerror}. Name another file."))
        return
    console.print(Text(f"Written to {path}."))
