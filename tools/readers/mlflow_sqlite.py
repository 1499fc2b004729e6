"""MLflow's database store, mlflow.db (SQLite), the default since MLflow 3."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.metric_names import canonical_metric, mebibytes
from misrun.tools.readers.mlflow_runs import StoredRun, add_ending, chosen_run, note_others
from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.reader import Source
from misrun.tools.record import Span

_MAGIC = b"SQLite format 3\0"
# The store has no infinity: SQLAlchemy writes the largest double instead (mlflow/store/tracking/sqlalchemy_store.py).
_INFINITY = 1.7976931348623157e308
_MAX_RUNS = 5_000
_MAX_POINTS = 2_000_000
# A file is opened as it was found; views and triggers in it could compute for ever. 50 million virtual machine
# instructions read some 2 million rows.
_INSTRUCTIONS_PER_CHECK = 1_000_000
_MAX_CHECKS = 200


class MlflowSqlite:
    """Reads one run of the store, in read-only mode and without touching the journal beside the file."""

    name = "MLflow database"

    def sniff(self, source: Source) -> bool:
        return source.head.startswith(_MAGIC)

    def read(self, source: Source, run: RunBuilder) -> None:
        with closing(_opened(source)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"runs", "metrics", "params"} <= tables:
                run.note(f"{source.name}: a database that is not MLflow's; export its values as CSV to have them read")
                return
            if source.path.with_name(source.path.name + "-wal").is_file():
                run.note(f"{source.name}: the newest values are still in its -wal file and were not read")
            _read_store(database, source.name, run)


def _opened(source: Source) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(source.path))}?mode=ro&immutable=1", uri=True)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    checks = iter(range(_MAX_CHECKS))
    database.set_progress_handler(lambda: int(next(checks, None) is None), _INSTRUCTIONS_PER_CHECK)
    database.execute("PRAGMA trusted_schema = OFF")
    return database


def _read_store(database: sqlite3.Connection, file: str, run: RunBuilder) -> None:
    rows = database.execute(
        "SELECT run_uuid, name, status, start_time FROM runs WHERE lifecycle_stage = 'active' "
        "ORDER BY start_time DESC LIMIT ?",
        (_MAX_RUNS,),
    )
    runs = [StoredRun(str(id), str(name or ""), str(status or ""), _whole(start)) for id, name, status, start in rows]
    chosen = chosen_run(runs)
    if chosen is None:
        run.note(f"{file}: holds no run")
        return
    note_others(runs, chosen, file, run)
    last = _read_metrics(database, chosen.id, file, run)
    span = Span(file=file, first=last, last=last, unit="step")
    add_ending(chosen, span, run)
    start = Span(file=file, first=0, last=0, unit="step")
    for key, value in database.execute("SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key", (chosen.id,)):
        run.config(str(key).replace("/", "."), parse_scalar(str(value)[:2_000]), span=start, origin="mlflow")


def _read_metrics(database: sqlite3.Connection, run_id: str, file: str, run: RunBuilder) -> int:
    """Every point of the run; returns its last step."""
    last = 0
    for key, value, step in _points(database, run_id):
        if canonical_metric(key)[0] == "memory":
            value = mebibytes(key, value)
        run.metric(key, value, file=file, step=step)
        last = max(last, step)
    return last


def _points(database: sqlite3.Connection, run_id: str) -> Iterator[tuple[str, float, int]]:
    rows = database.execute(
        "SELECT key, value, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY key, step, timestamp LIMIT ?",
        (run_id, _MAX_POINTS),
    )
    for key, value, step, is_nan in rows:
        if isinstance(value, int | float) and isinstance(step, int):
            yield str(key), _restored(float(value), bool(is_nan)), step


def _restored(value: float, is_nan: bool) -> float:
    if is_nan:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) >= _INFINITY else value


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
