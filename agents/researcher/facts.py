"""The lines of an answer as numbered facts: all that a language model may speak of."""

from collections.abc import Iterator

from misrun.agents.researcher.answer import Answer, Citation, Line
from misrun.tools.record import Record


class Fact(Record):
    """One line of an answer. `text` holds what may be said, `cites` what it rests on."""

    id: str
    text: str
    cites: tuple[Citation, ...] = ()

    @property
    def shown(self) -> str:
        """As a model sees it: its id, what it is, and what it rests on."""
        steps = "proposed step: " if any(cite.kind == "step" for cite in self.cites) else ""
        places = ", ".join(cite.label for cite in self.cites)
        return f"{self.id} {steps}{' '.join(self.text.split())}" + (f" [{places}]" if places else "")


def facts_of(answer: Answer) -> tuple[Fact, ...]:
    """Head and lines; code and diffs are shown and not retold."""
    head = Line(text=answer.head, cites=answer.cites)
    return tuple(
        Fact(id=f"F{n}", text=line.text, cites=line.cites) for n, line in enumerate(_told(head, answer), start=1)
    )


def _told(head: Line, answer: Answer) -> Iterator[Line]:
    yield head
    yield from (line for line in answer.lines if line.look != "code")
    if answer.asks:
        yield Line(text=f"What would help most: {answer.asks}")
