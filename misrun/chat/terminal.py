"""The conversation at a terminal: a prompt with history, completion and pasting of whole logs."""

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console

from misrun.agents.researcher.conversation import Conversation
from misrun.chat.completion import ChatCompleter
from misrun.chat.own_commands import carried_out
from misrun.chat.turn import show_turn


def talk(console: Console, conversation: Conversation) -> None:
    """Reads and answers until /quit or Ctrl-D. Ctrl-C empties the line; while something is worked on it stops that."""
    prompt = _prompt(conversation)
    while True:
        try:
            said = prompt.prompt(FormattedText([("bold", "> ")]))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if not said.strip() or carried_out(console, conversation, said):
            continue
        if not show_turn(console, conversation, conversation.say(said)):
            return
        console.print()


def _prompt(conversation: Conversation) -> "PromptSession[str]":
    """A pasted text stays one message with its line breaks; Alt-Enter (or Esc, Enter) begins a line by hand."""
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return PromptSession(
        history=FileHistory(str(conversation.store.home / "chat_history")),
        completer=ChatCompleter(conversation),
        complete_while_typing=False,
        enable_history_search=True,
        key_bindings=keys,
        prompt_continuation="  ",
    )
