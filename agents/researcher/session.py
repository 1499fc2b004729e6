"""A conversation as it is kept: its runs and its turns."""

from misrun.agents.researcher.answer import Answer, Checked, Line
from misrun.agents.researcher.case import Case
from misrun.tools.record import Record


class Turn(Record):
    """What was said and what was answered; `answer` is None while it is worked on."""

    number: int
    said: str
    at: str
    answer: Answer | None = None
    spoken: tuple[Line, ...] = ()
    checked: tuple[Checked, ...] = ()


class Session(Record):
    """The state between two turns. `current` is an index into `cases`, -1 before the first run."""

    id: str
    created: str
    cases: tuple[Case, ...] = ()
    current: int = -1

    @property
    def case(self) -> Case | None:
        return self.cases[self.current] if self.current >= 0 else None

    def with_case(self, case: Case) -> "Session":
        """This session with `case` as the run that is talked about."""
        others = {known.number: known for known in self.cases} | {case.number: case}
        cases = tuple(others.values())
        return self.model_copy(update={"cases": cases, "current": cases.index(case)})


class Listed(Record):
    """One line of the list of sessions."""

    id: str
    created: str
    turns: int
    about: str
