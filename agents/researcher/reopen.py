"""A conversation that begins with an investigation made earlier, without making it again."""

from misrun.agents.investigation import load_report, pasted_file
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.session import Session
from misrun.agents.researcher.store import ConversationStore


def session_of_report(store: ConversationStore, identity: str) -> Session:
    """A new conversation about the run of a stored report; raises InvestigationError when there is no such report."""
    report = load_report(identity)
    session = store.create()
    tried = tuple(fact.value for fact in report.characterization.tried.facts if fact.origin == "user")
    pasted = pasted_file(identity)
    case = Case(
        number=1,
        folder=str(store.folder(session.id) / "case-1"),
        path=None if pasted.is_file() else report.path,
        tried=tried,
        investigation=identity,
        report=identity,
    )
    if pasted.is_file():
        case = case.with_piece(0, pasted.read_text("utf-8", errors="replace"))
    session = session.with_case(case)
    store.keep(session)
    return session
