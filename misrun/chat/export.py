"""A conversation as Markdown, fit to paste into an issue."""

from collections.abc import Iterator

from misrun.agents.researcher.answer import Answer, Checked, Citation, Line
from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.session import Turn
from misrun.chat.render import told_of
from misrun.report.markdown import block, code, escape

# A pasted log is quoted in full up to here; more makes the page useless.
_MOST_LINES = 60


def to_markdown(conversation: Conversation) -> str:
    """Every turn: what was said, what was answered on which grounds, and what a model said of it."""
    lines = [f"# misrun: conversation {conversation.session.id}", "", f"Begun {conversation.session.created}."]
    for turn in conversation.turns:
        lines += _turn(turn)
    return "\n".join(lines) + "\n"


def _turn(turn: Turn) -> Iterator[str]:
    yield f"\n## {turn.number}\n"
    yield from _said(turn.said)
    if turn.answer is None:
        yield "\n*Not answered yet.*"
        return
    yield from _answer(turn.answer)
    if turn.spoken:
        yield f"\nIn the words of {escape(turn.checked[-1].model)}:\n"
        yield from (f"- {escape(line.text)}{_cites(line.cites)}" for line in turn.spoken)
    yield from _checked(turn.checked)


def _said(text: str) -> Iterator[str]:
    lines = text.strip().splitlines()
    if len(lines) == 1:
        yield f"> {escape(lines[0])}\n"
        return
    rest = len(lines) - _MOST_LINES
    yield from block("\n".join(lines[:_MOST_LINES]), "", "")
    if rest > 0:
        yield f"*and {rest} more lines*\n"


def _answer(answer: Answer) -> Iterator[str]:
    yield f"**{escape(answer.head)}**{_cites(answer.cites)}\n"
    for line in answer.lines:
        yield from _line(line)
    if answer.asks:
        yield f"\nWhat would help most: {escape(answer.asks)}."
    yield from (f"\n*{escape(note)}*" for note in answer.notes)


def _line(line: Line) -> Iterator[str]:
    if line.look == "code":
        yield from block(line.text, "", "")
    else:
        yield f"- {escape(line.text)}{_cites(line.cites)}"


def _checked(checked: tuple[Checked, ...]) -> Iterator[str]:
    yield from (f"\n*{escape(text)}*" for one in checked for text in told_of(one))


def _cites(cites: tuple[Citation, ...]) -> str:
    labels = (f"[{escape(c.label)}]({c.url})" if c.url else code(c.label) for c in cites)
    joined = ", ".join(dict.fromkeys(labels))
    return f" ({joined})" if joined else ""
