"""What the Tab key offers: commands, the numbers of steps and sources, and paths."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from misrun.agents.researcher.intents.table import BY_COMMAND
from misrun.chat.own_commands import NAMES

if TYPE_CHECKING:
    from misrun.agents.report import Report
    from misrun.agents.researcher.conversation import Conversation

_OF_PATHS = frozenset({"/investigate", "/compare", "/report", "/export"})


class ChatCompleter(Completer):
    """Offers what fits at the cursor; knows the conversation for its numbers and files."""

    def __init__(self, conversation: "Conversation") -> None:
        self._conversation = conversation
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.current_line_before_cursor
        command, space, argument = before.partition(" ")
        if before[:1] == "/" and not space and "/" not in before[1:]:
            yield from _commands(before)
        elif space and (offered := self._offered(command)):
            yield from (Completion(o, -len(argument)) for o in offered if o.startswith(argument))
        if command in _OF_PATHS or _is_path(before):
            yield from self._files(document, complete_event)

    def _files(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        word = document.current_line_before_cursor.rpartition(" ")[2]
        return self._paths.get_completions(Document(word, len(word)), event)

    def _offered(self, command: str) -> list[str]:
        report = self._conversation.report
        return [] if report is None else _numbers_or_files(command, report)


def _commands(before: str) -> Iterable[Completion]:
    known = {name: (intent.usage, intent.meaning) for name, intent in BY_COMMAND.items()}
    known |= {name: (usage, "") for name, usage in NAMES.items()}
    for name, (usage, meaning) in sorted(known.items()):
        if f"/{name}".startswith(before):
            yield Completion(f"/{name}", -len(before), display=f"/{name} {usage}".strip(), display_meta=meaning)


def _numbers_or_files(command: str, report: "Report") -> list[str]:
    if command == "/step":
        return [str(n) for n in range(1, len(report.steps) + 1)]
    if command == "/evidence":
        return [str(n) for n in range(1, len(report.evidence) + 1)]
    if command == "/code":
        return list(dict.fromkeys([*(f"{f.file}:{f.line}" for f in report.findings), *report.files]))
    return []


def _is_path(before: str) -> bool:
    word = before.rpartition(" ")[2]
    return word[:1] in ("~", ".") or "/" in word[1:] or (word[:1] == "/" and before != word)
