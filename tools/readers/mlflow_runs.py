"""What both MLflow stores share: which of their runs is the one to look at, and how its status reads."""

from collections.abc import Sequence
from typing import NamedTuple

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.run_record import Ending
from misrun.tools.record import Span

# RunStatus of mlflow/protos/service.proto; the file store writes the number, the database the name.
STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class StoredRun(NamedTuple):
    """One run of a store; `start` in Unix milliseconds."""

    id: str
    name: str
    status: str
    start: int


def chosen_run(runs: Sequence[StoredRun]) -> StoredRun | None:
    """The newest run that failed or was killed; without one, the newest."""
    failed = [run for run in runs if run.status in ("FAILED", "KILLED")]
    return max(failed or runs, key=lambda run: (run.start, run.id), default=None)


def note_others(runs: Sequence[StoredRun], chosen: StoredRun, file: str, run: RunBuilder) -> None:
    others = [f"{other.name or other.id} ({other.status})" for other in runs if other.id != chosen.id]
    if others:
        listed = ", ".join(others[:10]) + (f" and {len(others) - 10} more" if len(others) > 10 else "")
        run.note(
            f"{file}: of {len(runs)} MLflow runs {chosen.name or chosen.id} ({chosen.status}) was read; not {listed}"
        )


def add_ending(stored: StoredRun, span: Span, run: RunBuilder) -> None:
    """RUNNING tells nothing: a killed process leaves it behind."""
    if stored.status == "FINISHED":
        found = Ending(status="finished", spans=(span,))
    elif stored.status == "FAILED":
        found = Ending(status="crashed", spans=(span,))
    elif stored.status == "KILLED":
        found = Ending(status="killed", spans=(span,))
    else:
        return
    run.ending = combined_ending(run.ending, found)
