"""`misrun chat`: a conversation about a failed run."""

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from rich.console import Console

    from misrun.agents.researcher.conversation import Conversation
    from misrun.agents.researcher.store import ConversationStore
    from misrun.tools.llm.model import LanguageModel

_ID = re.compile(r"[0-9a-f]{8}")


def chat_command(
    target: Annotated[
        str | None,
        typer.Argument(metavar="[RUN | ID]", help="A run to talk about, or a conversation or report to go on with."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Language model of your Ollama server, NAME or NAME@URL; none is needed. off: none."),
    ] = None,
    list_sessions: Annotated[bool, typer.Option("--list", help="List the conversations that are kept.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write the conversation ID as Markdown to this file.")] = None,
) -> None:
    """Talk about a failed run: paste logs, ask why, say what was tried. Lines on standard input are turns, too."""
    from misrun.agents.request import InvestigationError
    from misrun.agents.researcher.store import ConversationStore
    from misrun.chat.render import console_for
    from misrun.tools.home import misrun_home

    console, store = console_for(), ConversationStore(misrun_home())
    try:
        conversation, first = _opened(store, target, None if list_sessions or export else chat_model(model))
    except InvestigationError as error:
        fail(str(error))
    if list_sessions:
        _list(console, conversation)
    elif export is not None:
        _export(conversation, export)
    else:
        _talk(console, conversation, first)


def _opened(
    store: "ConversationStore", target: str | None, model: "LanguageModel | None"
) -> "tuple[Conversation, str]":
    """The conversation, and the message that it begins with, if the target is one."""
    from misrun.agents.researcher.conversation import Conversation
    from misrun.agents.researcher.reopen import session_of_report

    if target is None:
        return Conversation(store, store.create(), model), ""
    if store.exists(target):
        return Conversation(store, store.load(target), model), ""
    if _ID.fullmatch(target) and not Path(target).exists():
        return Conversation(store, session_of_report(store, target), model), "/report"
    if not Path(target).expanduser().exists():
        fail(f"there is no run {target}, and no conversation or report of that name. `misrun chat --list` lists them.")
    return Conversation(store, store.create(), model), f"/investigate {Path(target).expanduser().absolute()}"


def chat_model(name: str | None) -> "LanguageModel | None":
    """The model that the user names here or in a setting; a conversation needs none."""
    from misrun.tools.llm.choice import chosen_model, setting
    from misrun.tools.llm.errors import ModelError

    try:
        return chosen_model(name) if setting(name) else None
    except ModelError as error:
        fail(str(error))


def _list(console: "Console", conversation: "Conversation") -> None:
    from misrun.chat.own_commands import show_sessions

    show_sessions(console, conversation)


def _export(conversation: "Conversation", file: Path) -> None:
    from misrun.chat.export import to_markdown

    if not conversation.turns:
        fail("give the id of a conversation to export: misrun chat ID --export FILE")
    text = to_markdown(conversation)
    if str(file) == "-":
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}. Name another file.")
    typer.echo(f"misrun: conversation written to {file}", err=True)


def _talk(console: "Console", conversation: "Conversation", first: str) -> None:
    from misrun.chat.turn import show_turn

    identity = conversation.session.id
    typer.echo(f"misrun: conversation {identity} (go on with it: misrun chat {identity}; /help)", err=True)
    if conversation.pending is not None:
        typer.echo("misrun: the last message was not answered yet; it is now", err=True)
        show_turn(console, conversation, conversation.take_up())
    if first:
        show_turn(console, conversation, conversation.say(first))
    if sys.stdin.isatty() and sys.stdout.isatty():
        from misrun.chat.terminal import talk

        console.print()
        talk(console, conversation)
        return
    from misrun.chat.piped import talk_through

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a log in another encoding is still a log
    talk_through(console, conversation, sys.stdin)
