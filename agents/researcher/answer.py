"""What a conversation puts out: answers made of records, progress meanwhile, and what became of a model's words."""

from typing import Literal

from misrun.tools.record import Record, Span

Look = Literal["plain", "item", "quote", "code", "note"]


class Citation(Record):
    """What a line rests on: a place in the run ("train.log:47"), a source (a knowledge id, with its address), a step of
    the report ("step 2") or the user's own words ("you")."""

    kind: Literal["place", "source", "step", "user"]
    label: str
    url: str = ""


class Line(Record):
    """One line of an answer. `quote` and `code` are somebody else's words, shown as they stand."""

    text: str
    cites: tuple[Citation, ...] = ()
    look: Look = "plain"


class Answer(Record):
    """The answer of one turn: first the answer, then what it rests on. `asks` is the one thing that would help most.

    `worded` says whether a language model may put it into other words; `ends` ends the conversation.
    """

    intent: str
    head: str
    cites: tuple[Citation, ...] = ()
    lines: tuple[Line, ...] = ()
    asks: str = ""
    notes: tuple[str, ...] = ()
    report: str = ""
    worded: bool = False
    ends: bool = False


class Working(Record):
    """Which agent is at work; `done` with what came out."""

    agent: str
    text: str = ""
    done: bool = False


class Spoken(Record):
    """One sentence of a language model whose references were checked."""

    line: Line


class Dropped(Record):
    """One sentence of a language model that was not shown, and why."""

    text: str
    reason: str


class Checked(Record):
    """What became of a language model's words. `failure` says what went wrong with the model; "" when nothing did.
    After some failures it is `left_out` of the further turns."""

    model: str
    task: Literal["reading", "wording"]
    kept: int = 0
    dropped: tuple[Dropped, ...] = ()
    failure: str = ""
    left_out: bool = False


Event = Working | Answer | Spoken | Checked


def places(*spans: Span) -> tuple[Citation, ...]:
    """Citations of places in the run, each once."""
    return tuple(Citation(kind="place", label=label) for label in dict.fromkeys(map(str, spans)))


def source(identity: str, url: str) -> Citation:
    return Citation(kind="source", label=identity, url=url)


def step_number(number: int) -> Citation:
    return Citation(kind="step", label=f"step {number}")
