"""The stored investigations as a list: what a row needs is kept beside the reports, so that a thousand of them list at
once."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

_TABLE = """create table if not exists investigations (
    id text primary key, changed integer not null, created text, path text, mode text, category text, likelihood real,
    abstained integer, complete integer)"""


class Row(NamedTuple):
    """One investigation. `created` is its time in UTC (ISO 8601); `likelihood` is that of the mode."""

    id: str
    created: str
    path: str
    mode: str
    category: str
    likelihood: float
    abstained: bool
    complete: bool


class Catalogue:
    """Lists the reports of one misrun home. Reads a report only when its file is new or has changed."""

    def __init__(self, home: Path) -> None:
        self._reports = home / "reports"
        self._file = home / "investigations.sqlite"

    def rows(self, most: int, skip: int = 0, wanted: str = "") -> tuple[list[Row], int]:
        """Newest first, at most `most` after `skip`, of those whose path, id or mode holds `wanted`; and how many."""
        self._refresh()
        like = f"%{wanted.replace('%', '')}%"
        where = "where path like ? or id like ? or mode like ?"
        with closing(self._open()) as database:
            (count,) = database.execute(f"select count(*) from investigations {where}", (like,) * 3).fetchone()
            found = database.execute(
                "select id, created, path, mode, category, likelihood, abstained, complete from investigations "
                f"{where} order by created desc, id limit ? offset ?",
                (like, like, like, most, skip),
            ).fetchall()
        return [Row._make((*row[:6], bool(row[6]), bool(row[7]))) for row in found], count

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=10)

    def _refresh(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        files = {file.stem: file for file in self._reports.glob("*.json")} if self._reports.is_dir() else {}
        with closing(self._open()) as database, database:
            database.execute(_TABLE)
            known = dict(database.execute("select id, changed from investigations").fetchall())
            for name, file in files.items():
                changed = file.stat().st_mtime_ns
                if known.get(name) != changed and (row := _row(file)) is not None:
                    database.execute(
                        "insert or replace into investigations values (?,?,?,?,?,?,?,?,?)", (name, changed, *row)
                    )
            database.executemany(
                "delete from investigations where id = ?", [(name,) for name in known if name not in files]
            )


def _row(file: Path) -> tuple[Any, ...] | None:
    """What the list shows of a report; None for a file that is none (another version's, or half written)."""
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
        verdict = report["verdict"]
        facts = (report["created"], report["path"], verdict["mode"], verdict["category"])
        return (*facts, verdict["mode_likelihood"], verdict["abstained"], report["complete"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
