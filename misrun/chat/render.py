"""Answers on a terminal or in a pipe: the answer, then what it rests on; readable at 80 columns without colour."""

from rich.console import Console
from rich.text import Text

from misrun.agents.researcher.answer import Answer, Checked, Citation, Line, Spoken
from misrun.tools.visible_text import visible

# Wider lines than this are hard to read, whatever the terminal offers.
MOST_COLUMNS = 100
_STYLE = {"plain": "", "item": "", "quote": "italic", "note": "dim", "code": ""}
_MARKS = ("+ ", "- ", "[")


def console_for() -> Console:
    """Standard output, never wider than is good to read; colour only on a terminal and without NO_COLOR."""
    console = Console(highlight=False)
    return Console(highlight=False, width=min(console.width, MOST_COLUMNS))


def show_answer(console: Console, answer: Answer) -> None:
    """Head, lines, the one question, notes. What the head cites already is not said again under it."""
    _put(console, _cited(_plain(answer.head), answer.cites, "bold"))
    for line in answer.lines:
        show_line(console, line, said=answer.cites)
    if answer.asks:
        _put(console, Text(f"I could say more with: {_plain(answer.asks)}.", style="yellow"))
        _put(console, Text("Paste it, give its path, or /skip.", style="dim"))
    for note in answer.notes:
        _put(console, Text(_plain(note), style="dim"))


def show_line(console: Console, line: Line, said: tuple[Citation, ...] = ()) -> None:
    text = _plain(line.text)
    if line.look == "code":
        # Left to the terminal to wrap, so that it can be copied.
        console.print(Text("\n".join(f"  {part}" for part in text.split("\n"))), soft_wrap=True)
        return
    marked = text.startswith(_MARKS) or text[:1].isdigit()
    cites = tuple(cite for cite in line.cites if cite not in said and not _is_named(cite, line))
    shown = _cited(f"- {text}" if line.look == "item" and not marked else text, cites, _STYLE[line.look])
    _put(console, shown, first="  " if line.look == "item" else "", rest="    " if line.look == "item" else "")


def _put(console: Console, text: Text, first: str = "", rest: str = "") -> None:
    """Wrapped to the console, later lines indented, without blanks at the ends of lines."""
    for number, line in enumerate(text.wrap(console, max(20, console.width - len(rest)))):
        line.rstrip()
        console.print(Text(rest if number else first).append_text(line), soft_wrap=True)


def _is_named(cite: Citation, line: Line) -> bool:
    """An address that stands in the line says more than the id of its source; "First step: ..." says which step."""
    if cite.kind == "step":
        return line.text.lower().startswith(("first step", cite.label))
    return cite.kind == "source" and cite.url in line.text


def show_spoken(console: Console, spoken: Spoken, model: str, *, first: bool) -> None:
    """A model's sentence; who speaks is said before the first one."""
    if first:
        _put(console, Text(f"In the words of {visible(model)}:", style="dim"))
    show_line(console, spoken.line.model_copy(update={"look": "item"}))


def show_checked(console: Console, checked: Checked) -> None:
    """What was dropped and what went wrong; nothing where all went well."""
    for text in told_of(checked):
        _put(console, Text(visible(text), style="dim"))


def told_of(checked: Checked) -> list[str]:
    """What became of a model's words, in words."""
    told = []
    if checked.failure:
        after = f"It is left out from now on (/model {checked.model} asks it again)." if checked.left_out else ""
        told.append(f"Without the language model: {checked.failure} {after}".rstrip())
    if checked.dropped:
        reasons = list(dict.fromkeys(dropped.reason for dropped in checked.dropped))
        what = "sentences" if checked.task == "wording" else "quotations"
        total = checked.kept + len(checked.dropped) if checked.task == "wording" else len(checked.dropped)
        told.append(f"{len(checked.dropped)} of {total} {what} of {checked.model} dropped: {'; '.join(reasons)}.")
    return told


def _plain(text: str) -> str:
    """Somebody else's text fit for a display; what was pasted is called so."""
    return visible(text).replace("<stdin>", "pasted")


def _cited(text: str, cites: tuple[Citation, ...], style: str) -> Text:
    shown = Text(text, style=style)
    labels = ", ".join(dict.fromkeys(_plain(cite.label) for cite in cites))
    return shown.append(f"  [{labels}]", style="not bold dim") if labels else shown
