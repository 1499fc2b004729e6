"""One turn on a screen: a spinner while agents work, the answer as it comes, Ctrl-C that stops the step alone."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from misrun.agents.researcher.answer import Answer, Checked, Event, Spoken, Working
from misrun.agents.researcher.conversation import Conversation
from misrun.chat.render import show_answer, show_checked, show_spoken
from misrun.cli.progress import STAGES
from misrun.tools.visible_text import visible


def show_turn(console: Console, conversation: Conversation, events: Iterator[Event]) -> bool:
    """Shows the events of one turn; whether the conversation goes on."""
    goes_on, spoken = True, 0
    model = conversation.model.name if conversation.model else ""
    with _stoppable(conversation), _spinner(console) as working:
        for event in events:
            working(event)
            if isinstance(event, Answer):
                show_answer(console, event)
                goes_on = not event.ends
            elif isinstance(event, Spoken):
                show_spoken(console, event, model, first=spoken == 0)
                spoken += 1
            elif isinstance(event, Checked):
                show_checked(console, event)
    return goes_on


class _Spinner:
    """Says which agent is at work, on one line that is gone when there is something to show."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Working):
            self.end()
        elif self._console.is_terminal and not event.done:
            self._show(f"{_named(event)} (Ctrl-C stops it)")

    def _show(self, words: str) -> None:
        line = Text(words, style="dim", overflow="ellipsis", no_wrap=True)
        if self._status is None:
            self._status = self._console.status(line)
            self._status.start()
        else:
            self._status.update(line)

    def end(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


@contextmanager
def _spinner(console: Console) -> Iterator[_Spinner]:
    spinner = _Spinner(console)
    try:
        yield spinner
    finally:
        spinner.end()


def _named(event: Working) -> str:
    if event.agent == "model":
        return f"The language model {visible(event.text)}"
    return STAGES.get(event.agent, event.agent)


@contextmanager
def _stoppable(conversation: Conversation) -> Iterator[None]:
    """The first Ctrl-C stops the step, a second one ends the program. Only the main thread may listen to signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, _: FrameType | None) -> None:
        conversation.stop()
        signal.signal(number, usual)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        with _quiet_keys():
            yield
    finally:
        signal.signal(signal.SIGINT, usual)


@contextmanager
def _quiet_keys() -> Iterator[None]:
    """While an answer is written, keys are not shown in the middle of it ("^C" the least); they are read afterwards."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
