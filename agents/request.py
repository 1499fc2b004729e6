"""What the user asked for, and the errors that are the user's to mend."""

from pathlib import Path

from misrun.tools.record import Record


class InvestigationError(Exception):
    """Nothing could be investigated with this input; the message says what to supply. The command line exits with 2."""


class Request(Record):
    """One investigation as asked. `path` is absolute; `pasted` marks a stored copy of text from standard input.

    `command` reproduces the failure in the run's folder: with it, steps are carried out and run in the sandbox, each
    run for at most `run_seconds`; without it nothing of the user's is ever run. `siblings` says whether the runs that
    lie beside this one may be looked at. `online` asks live sources too; without it nothing leaves this machine.
    """

    id: str
    path: str
    created: str
    pasted: bool = False
    baseline: str | None = None
    tried: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    run_seconds: float = 600.0
    online: bool = False
    siblings: bool = True

    @property
    def shown_path(self) -> str:
        return "<stdin>" if self.pasted else self.path

    @property
    def root(self) -> Path:
        """The folder that the run's relative file names start from."""
        path = Path(self.path)
        return path if path.is_dir() else path.parent
