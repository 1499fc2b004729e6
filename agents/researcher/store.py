"""Keeps conversations in SQLite: what is said before it is worked on, what is answered as soon as it is known."""

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from misrun.agents.request import InvestigationError
from misrun.agents.researcher.answer import Answer
from misrun.agents.researcher.session import Listed, Session, Turn

_TABLES = """
create table if not exists sessions (id text primary key, state text not null);
create table if not exists turns (
    session text not null, number integer not null, said text not null, turn text not null,
    primary key (session, number)
);
"""


# Of the first message, more than any line shows.
_ABOUT = 300


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class ConversationStore:
    """All conversations of one misrun home. Every write is a transaction of its own, so that a kill loses nothing."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "conversations.sqlite"
        with closing(self._open()) as database:
            database.executescript(_TABLES)

    def folder(self, session: str) -> Path:
        """Where pasted text of a conversation lies."""
        return self.home / "conversations" / session

    def create(self) -> Session:
        session = Session(id=secrets.token_hex(4), created=now())
        self.keep(session)
        return session

    def load(self, identity: str) -> Session:
        """Raises InvestigationError when there is no such conversation."""
        with closing(self._open()) as database:
            row = database.execute("select state from sessions where id = ?", (identity,)).fetchone()
        if row is None:
            raise InvestigationError(f"There is no conversation {identity}. `misrun chat --list` shows what there is.")
        return Session.model_validate_json(row[0])

    def exists(self, identity: str) -> bool:
        with closing(self._open()) as database:
            return database.execute("select 1 from sessions where id = ?", (identity,)).fetchone() is not None

    def turns(self, identity: str) -> tuple[Turn, ...]:
        with closing(self._open()) as database:
            rows = database.execute("select turn from turns where session = ? order by number", (identity,)).fetchall()
        return tuple(Turn.model_validate_json(row[0]) for row in rows)

    def sessions(self) -> tuple[Listed, ...]:
        """Every conversation in which something was said, newest first."""
        with closing(self._open()) as database:
            states = [Session.model_validate_json(row[0]) for row in database.execute("select state from sessions")]
            counts = dict(database.execute("select session, count(*) from turns group by session").fetchall())
            first = dict(database.execute("select session, said from turns where number = 1").fetchall())
        listed = [
            Listed(id=s.id, created=s.created, turns=counts[s.id], about=" ".join(first.get(s.id, "")[:_ABOUT].split()))
            for s in states
            if s.id in counts
        ]
        return tuple(sorted(listed, key=lambda item: item.created, reverse=True))

    def keep(self, session: Session) -> None:
        with closing(self._open()) as database, database:
            database.execute("insert or replace into sessions values (?, ?)", (session.id, session.model_dump_json()))

    def begin(self, session: Session, said: str) -> Turn:
        """Keeps what was said, before anything is done about it."""
        with closing(self._open()) as database, database:
            last = database.execute("select max(number) from turns where session = ?", (session.id,)).fetchone()[0]
            turn = Turn(number=(last or 0) + 1, said=said, at=now())
            database.execute(
                "insert into turns values (?, ?, ?, ?)", (session.id, turn.number, said, turn.model_dump_json())
            )
        return turn

    def finish(self, session: Session, turn: Turn) -> None:
        """Keeps the answer of a turn together with the state it leads to."""
        with closing(self._open()) as database, database:
            database.execute(
                "update turns set turn = ? where session = ? and number = ?",
                (turn.model_dump_json(), session.id, turn.number),
            )
            database.execute("insert or replace into sessions values (?, ?)", (session.id, session.model_dump_json()))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=30)


def unanswered(turns: tuple[Turn, ...]) -> Turn | None:
    """The turn that was being worked on when the program ended, if there is one."""
    return turns[-1] if turns and turns[-1].answer is None else None


def last_answer(turns: tuple[Turn, ...]) -> Answer | None:
    return next((turn.answer for turn in reversed(turns) if turn.answer is not None), None)
