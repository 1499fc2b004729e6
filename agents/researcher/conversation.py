"""The conversation with a researcher: one message in, events and an answer out, every turn kept. Knows no face."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from misrun.agents.investigation import load_report, pursue
from misrun.agents.report import Report
from misrun.agents.request import InvestigationError
from misrun.agents.researcher.answer import Answer, Checked, Event, Line, Spoken, Working
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.findings import answer_of
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.intents.table import BY_NAME
from misrun.agents.researcher.intents.talk import how_to_ask
from misrun.agents.researcher.reading import read_by_model
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.session import Session, Turn
from misrun.agents.researcher.store import ConversationStore, unanswered
from misrun.agents.researcher.understand import understand
from misrun.agents.researcher.wording import worded
from misrun.tools.llm.budget import Budgeted
from misrun.tools.llm.choice import OFF, chosen_model
from misrun.tools.llm.errors import ModelError
from misrun.tools.llm.model import LanguageModel
from misrun.tools.redact.redactor import Redactor

# What one turn may ask of a model: a reading with its repair, and a wording.
_TURN_TOKENS, _TURN_SECONDS = 12_000, 180.0


class Conversation:
    """One conversation. `say` works on one turn at a time; `stop` may be called from anywhere, also from a signal."""

    def __init__(self, store: ConversationStore, session: Session, model: LanguageModel | None = None) -> None:
        self.store, self.session, self.model = store, session, model
        self._left_out = ""
        self._stop = threading.Event()

    def say(self, text: str) -> Iterator[Event]:
        """Works on a message: what it is doing, then the answer, then a model's words for it where there is one."""
        # Bytes of another encoding come as surrogates, which neither SQLite nor JSON takes.
        plain = text.encode("utf-8", "replace").decode("utf-8")
        yield from self._worked(self.store.begin(self.session, Redactor().text(plain)))

    def take_up(self) -> Iterator[Event]:
        """Answers the message that was being worked on when the program ended; nothing where there is none."""
        turn = self.pending
        if turn is not None:
            yield from self._worked(turn)

    @property
    def pending(self) -> Turn | None:
        return unanswered(self.turns)

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.store.turns(self.session.id)

    @property
    def report(self) -> Report | None:
        """The last report on the run that is talked about."""
        case = self.session.case
        return load_report(case.report) if case is not None and case.report else None

    def stop(self) -> None:
        """Ends the step that is being worked on; what is known by then is the answer."""
        self._stop.set()

    # One turn

    def _worked(self, turn: Turn) -> Iterator[Event]:
        self._stop.clear()
        room = self._room()
        intent, heard = understand(turn.said, room, turn.number, str(self.store.folder(self.session.id)))
        checked: list[Checked] = []
        model = self._model_of_the_turn()
        if intent.name == "unknown" and model is not None:
            yield Working(agent="model", text="reads your message")
            intent, heard, reading = read_by_model(model, heard, room, self._stop.is_set)
            checked.append(self._judged(reading))
            yield checked[-1]
        answer = yield from self._answered(intent, heard, room, turn)
        if checked and checked[0].kept:
            read = f"{checked[0].model} read this message as one that {intent.meaning}."
            answer = answer.model_copy(update={"notes": (*answer.notes, read)})
        turn = turn.model_copy(update={"answer": answer, "checked": tuple(checked)})
        self.store.finish(self.session, turn)
        yield answer
        if model is not None and answer.worded and not self._left_out and not self._stop.is_set():
            yield from self._worded(model, turn, answer)

    def _answered(self, intent: Intent, heard: Heard, room: Room, turn: Turn) -> Generator[Event, None, Answer]:
        if intent.name == "model" and heard.about and heard.text.lstrip().startswith("/"):
            return self._choose_model(heard.about, room)
        if intent.needs_report and room.report is None:
            return _no_run(intent)
        if intent.tell is not None:
            return self._told(intent, heard, room)
        assert intent.change is not None
        changed = intent.change(heard, room)
        if isinstance(changed, Answer):
            return changed
        return (yield from self._investigated(intent, self._begun(changed, room, turn), room))

    def _told(self, intent: Intent, heard: Heard, room: Room) -> Answer:
        assert intent.tell is not None
        if intent.name == "new":
            self.session = self.session.model_copy(update={"current": -1})
        try:
            return intent.tell(heard, room)
        except InvestigationError as error:  # the run was moved or deleted since it was investigated
            return _failed(intent.name, error)

    def _begun(self, case: Case, room: Room, turn: Turn) -> Case:
        """A new investigation, but for one that was stopped before its end and of which nothing changed since."""
        stopped = room.report is not None and not room.report.complete and case == room.case
        return case if stopped else case.begun(self.session.id, turn.number, turn.at)

    def _investigated(self, intent: Intent, case: Case, room: Room) -> Generator[Event, None, Answer]:
        """Investigates the changed case; it becomes the current one, but for a path that cannot be read."""
        before = load_report(case.report) if case.report else None
        try:
            report, asked = yield from self._consulted(case)
        except InvestigationError as error:
            if case.path is None:
                self.session = self.session.with_case(case)
            return _failed(intent.name, error)
        case = case.model_copy(update={"report": report.id, "asked": asked})
        self.session = self.session.with_case(case)
        after = Room(case, self.session.cases, report, before if report.complete else None, room.model)
        return answer_of(after, intent.name, asked)

    def _consulted(self, case: Case) -> Generator[Event, None, tuple[Report, str]]:
        """The report, and the question that the graph now waits with."""
        yield Working(agent="read")  # before the imports below, which take half a second
        from misrun.agents.graph import Desk, Question, consult, open_saver

        saver = open_saver(self.store.home / "consultations.sqlite")
        desk = Desk(lambda request, tell: pursue(request, tell, self._stop.is_set), lambda r: wanted(r, case))
        report, asked = None, ""
        with closing(saver.conn):
            for item in consult(saver, f"{self.session.id}-{case.number}", desk, case.request()):
                if isinstance(item, Report):
                    report = item
                elif isinstance(item, Question):
                    asked = item.missing
                else:
                    yield Working(agent=item.stage, text=item.text, done=item.done)
        assert report is not None
        return report, asked

    def _worded(self, model: LanguageModel, turn: Turn, answer: Answer) -> Iterator[Event]:
        """A model's words for an answer that is kept already; kept besides, as far as they checked out."""
        healthy = (report := self.report) is not None and report.verdict.category == "healthy"
        spoken: list[Line] = []
        yield Working(agent="model", text="puts it into words")
        for event in worded(model, turn.said, answer, healthy=healthy, stop=self._stop.is_set):
            if isinstance(event, Spoken):
                spoken.append(event.line)
                yield event
                continue
            judged = self._judged(event)
            turn = turn.model_copy(update={"spoken": tuple(spoken), "checked": (*turn.checked, judged)})
            self.store.finish(self.session, turn)
            yield judged

    # What a turn needs

    def _room(self) -> Room:
        return Room(self.session.case, self.session.cases, self.report, None, self.model)

    def _model_of_the_turn(self) -> LanguageModel | None:
        if self.model is None or self._left_out:
            return None
        return Budgeted(self.model, tokens=_TURN_TOKENS, seconds=_TURN_SECONDS)

    def _judged(self, checked: Checked) -> Checked:
        """A model whose server fails would fail, or hang, at every turn: it is left out until `/model` names it."""
        own_fault = checked.failure.startswith(checked.model)
        if not checked.failure or own_fault or self._stop.is_set():
            return checked
        self._left_out = checked.failure
        return checked.model_copy(update={"left_out": True})

    def _choose_model(self, name: str, room: Room) -> Answer:
        self._left_out = ""
        if name.lower() == OFF:
            self.model = room.model = None
        else:
            try:
                self.model = room.model = chosen_model(name)
            except ModelError as error:
                return Answer(intent="model", head=f"{name} cannot be used: {error}")
        return self._told(BY_NAME["model"], Heard(text=""), room)


def wanted(report: Report, case: Case) -> str:
    """The first thing that would settle what is open and that the user was not asked for in vain."""
    parts = (report.verdict.missing or "").split("; ") if report.complete else []
    return next((part for part in parts if part and part not in case.declined), "")


def open_conversation(
    store: ConversationStore, identity: str = "", model: Callable[[], LanguageModel | None] = lambda: None
) -> Conversation:
    """The conversation with that id, or a new one. Raises InvestigationError when there is none."""
    return Conversation(store, store.load(identity) if identity else store.create(), model())


def _no_run(intent: Intent) -> Answer:
    head = "There is no run yet. Paste the end of its log, or give its folder."
    return Answer(intent=intent.name, head=head, lines=how_to_ask()[:1])


def _failed(intent: str, error: InvestigationError) -> Answer:
    head, *rest = str(error).splitlines()
    return Answer(intent=intent, head=head, lines=tuple(Line(text=line.strip(), look="item") for line in rest))
