"""Runs one investigation from request to report, with a deadline, an interrupt that loses nothing, and resume."""

import queue
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from misrun.agents.report import Report
from misrun.agents.request import InvestigationError, Request
from misrun.agents.workbench import Workbench
from misrun.agents.write_report import write_report
from misrun.tools.home import misrun_home
from misrun.tools.llm.model import StopAsked, never
from misrun.tools.redact.private_names import Private
from misrun.tools.redact.redactor import Redactor

if TYPE_CHECKING:
    from misrun.agents.graph import Progress, State

OnProgress = Callable[["Progress"], None]
# A person does not notice a twentieth of a second (as in tools/llm/bounded.py).
_POLL_SECONDS = 0.05


def new_request(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    baseline: str | Path | None = None,
    paper: str | Path | None = None,
    tried: tuple[str, ...] = (),
    command: tuple[str, ...] = (),
    run_seconds: float = 600.0,
    online: bool = False,
    private: tuple[Private, ...] = (),
) -> Request:
    """A request for a run on disk, or for pasted `text`, which is kept, without its secrets, so that the session can be
    resumed. Raises InvestigationError for a secret in what has to be kept as it is: paths and the command."""
    session = secrets.token_hex(4)
    redactor = Redactor(private)
    _refuse_secrets(str(path or ""), str(baseline or ""), str(paper or ""), " ".join(command))
    if text is not None:
        stored = pasted_file(session)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(redactor.text(text), errors="replace")
        path = stored
    if path is None:
        raise ValueError("a request needs a path or a text")
    return Request(
        id=session,
        path=str(Path(path).absolute()),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        pasted=text is not None,
        baseline=str(Path(baseline).absolute()) if baseline is not None else None,
        paper=str(Path(paper).absolute()) if paper is not None else None,
        tried=tuple(redactor.text(attempt) for attempt in tried),
        command=command,
        run_seconds=run_seconds,
        online=online,
        private=private,
    )


def _refuse_secrets(path: str, baseline: str, paper: str, command: str) -> None:
    redactor = Redactor()
    for what, text, instead in (
        ("The path of the run", path, "Rename the folder or the file."),
        ("The path of the baseline", baseline, "Rename the folder or the file."),
        ("The path of the paper", paper, "Rename the folder or the file."),
        ("The command", command, "Have the code read it from a file of the project."),
    ):
        if redactor.text(text) != text:
            kinds = ", ".join(redactor.secrets)
            raise InvestigationError(
                f"{what} holds a secret ({kinds}), and misrun keeps it with the session. {instead}"
            )


def place_of(report: Report) -> Path:
    """Where the run of a report lies, on this machine; a report that leaves it may have its path taken out."""
    kept = _place_file(report.id)
    return Path(kept.read_text("utf-8") if report.private and kept.is_file() else report.path)


def _place_file(session: str) -> Path:
    return misrun_home() / "places" / f"{session}.txt"


def pasted_file(session: str) -> Path:
    """Where the text that a session was started with is kept, if it was pasted."""
    return misrun_home() / "pasted" / f"{session}.txt"


def _sessions() -> Path:
    return misrun_home() / "sessions.sqlite"


def _report_file(session: str) -> Path:
    return misrun_home() / "reports" / f"{session}.json"


def load_report(session: str | Path) -> Report:
    """A stored report by its id, or from a JSON file written with --json; InvestigationError when there is none."""
    path = Path(session) if Path(session).suffix == ".json" else _report_file(str(session))
    if not path.is_file():
        raise InvestigationError(f"There is no report {session}. Reports are listed in {_report_file('x').parent}.")
    return Report.model_validate_json(path.read_text())


def investigate(request: Request, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Report:
    """Investigates; after `timeout` seconds, or on KeyboardInterrupt, returns the partial report instead."""
    return _run(Workbench(request), resume=False, timeout=timeout, on_progress=on_progress)


def resume(session: str, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Report:
    """Goes on with an interrupted session where its last checkpoint stands; a finished one returns its report."""
    from misrun.agents.graph import open_saver, saved_state

    if _report_file(session).is_file() and (finished := load_report(session)).complete:
        return finished
    saver = open_saver(_sessions())
    with closing(saver.conn):
        state = saved_state(saver, session)
    if state is None or "request" not in state:
        raise InvestigationError(f"There is no session {session} to resume. Sessions are kept in {_sessions()}.")
    return _run(Workbench(state["request"]), resume=True, timeout=timeout, on_progress=on_progress)


def pursue(request: Request, on_progress: OnProgress, stop: StopAsked) -> Report:
    """Begins the investigation of `request`, or goes on with it where it was begun before; stops once `stop()` is true.

    For callers that may themselves be killed and started again with the same request."""
    from misrun.agents.graph import open_saver, saved_state

    if _report_file(request.id).is_file() and (finished := load_report(request.id)).complete:
        return finished
    saver = open_saver(_sessions())
    with closing(saver.conn):
        begun = saved_state(saver, request.id) is not None
    return _run(Workbench(request), resume=begun, timeout=None, on_progress=on_progress, stop=stop)


def _run(
    bench: Workbench,
    *,
    resume: bool,
    timeout: float | None,
    on_progress: OnProgress | None,
    stop: StopAsked = never,
) -> Report:
    deadline = None if timeout is None else time.monotonic() + timeout
    pump = _Pump(bench, resume=resume)
    try:
        stopped = pump.drain(deadline, on_progress or (lambda _: None), stop)
    except KeyboardInterrupt:
        stopped = "interrupted"
    report = pump.report(bench, stopped)
    _store(report)
    if report.path != bench.request.shown_path:
        _keep_place(bench.request)
    if report.complete:
        _forget_checkpoints(report.id)
    return report


def _forget_checkpoints(session: str) -> None:
    """A finished investigation is kept as its report, stored by now; its checkpoints would only grow the file."""
    from misrun.agents.graph import open_saver

    saver = open_saver(_sessions())
    with closing(saver.conn):
        saver.delete_thread(session)


def _keep_place(request: Request) -> None:
    file = _place_file(request.id)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(request.path, "utf-8")


def _store(report: Report) -> None:
    file = _report_file(report.id)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(report.model_dump_json(by_alias=True))


class _Pump:
    """Runs the graph on a thread of its own, so that a stage that hangs cannot hold the partial report back."""

    def __init__(self, bench: Workbench, *, resume: bool) -> None:
        self._items: queue.Queue[State | Progress | BaseException | None] = queue.Queue()
        self._state: State = {}
        self._thread = threading.Thread(target=self._work, args=(bench, resume), daemon=True)
        self._thread.start()

    def _work(self, bench: Workbench, resume: bool) -> None:
        try:
            from misrun.agents.graph import open_saver, stream

            saver = open_saver(_sessions())
            with closing(saver.conn):
                for item in stream(saver, bench, resume=resume):
                    self._items.put(item)
            self._items.put(None)
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            self._items.put(error)

    def drain(self, deadline: float | None, on_progress: OnProgress, stop: StopAsked) -> str:
        """Takes items until the end (""), the deadline ("timed out") or a stop ("interrupted"); raises what the graph
        raised."""
        while not stop():
            left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
            try:
                item = self._items.get(timeout=min(max(0.0, left), _POLL_SECONDS))
            except queue.Empty:
                if left <= 0:
                    return "timed out"
                continue
            if item is None:
                return ""
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, dict):
                self._state = item
            else:
                on_progress(item)
        return "interrupted"

    def report(self, bench: Workbench, stopped: str) -> Report:
        finished = self._state.get("report")
        if finished is not None and not stopped:
            return finished
        note = f"Partial report: {stopped}. Go on with: misrun investigate --resume {bench.request.id}"
        return write_report(self._state, bench, complete=False, notes=(note,))
