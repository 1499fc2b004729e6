"""What the user asked for, and the errors that are the user's to mend."""

from pathlib import Path

from misrun.tools.record import Record
from misrun.tools.redact.private_names import Private


class InvestigationError(Exception):
    """Nothing could be investigated with this input; the message says what to supply. The command line exits with 2."""


class Request(Record):
    """One investigation as asked. `path` is absolute; `pasted` marks a stored copy of text from standard input.
    `paper` is the file of the paper that the code implements. `supplied` is a stored copy of text that was pasted
    beside a run (cited as "<stdin>").

    `command` reproduces the failure in the run's folder: with it, steps are carried out and run in the sandbox, each
    run for at most `run_seconds`; without it nothing of the user's is ever run. `siblings` says whether the runs that
    lie beside this one may be looked at. `online` asks live sources too; without it nothing leaves this machine.
    `private` names what is taken out of all that was read, besides secrets. No field holds a secret: see new_request.
    """

    id: str
    path: str
    created: str
    pasted: bool = False
    supplied: str | None = None
    baseline: str | None = None
    paper: str | None = None
    tried: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    run_seconds: float = 600.0
    online: bool = False
    private: tuple[Private, ...] = ()
    siblings: bool = True

    @property
    def shown_path(self) -> str:
        return "<stdin>" if self.pasted else self.path

    @property
    def root(self) -> Path:
        """The folder that the run's relative file names start from."""
        path = Path(self.path)
        return path if path.is_dir() else path.parent
