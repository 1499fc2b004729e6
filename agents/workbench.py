"""What the agents share while one investigation runs, and what is cheap to make again after a resume.

The run itself can be large, so it stays here and out of the checkpoints: reading is deterministic, a resumed
investigation reads again.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from misrun.agents.request import InvestigationError, Request
from misrun.agents.siblings import Sibling, find_siblings
from misrun.knowledge.index import KnowledgeIndex, open_index
from misrun.knowledge.ontology import Ontology, load_ontology
from misrun.tools.home import misrun_home
from misrun.tools.paper.document import Paper, UnreadablePaper
from misrun.tools.paper.reading import read_paper
from misrun.tools.readers.registry import read_run, read_text
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.redact.redactor import Redactor
from misrun.tools.signals.compare import Difference, compare

if TYPE_CHECKING:
    from misrun.knowledge.sources.source import Source

# Enough code to tell the framework and the model type by its names; the auditors read all of it.
_CODE_TEXT_CHARACTERS = 400_000
# The event of a user's sentence about an attempt (tools/readers/signatures.py).
TOLD_ATTEMPT = "said_tried"


@dataclass(eq=False)
class Workbench:
    """Lazily read inputs of one request."""

    request: Request
    _run: RunRecord | None = None

    @cached_property
    def redactor(self) -> Redactor:
        """What keeps secrets out of everything that leaves the workbench."""
        return Redactor(self.request.private)

    @property
    def run(self) -> RunRecord:
        """The run, read on first use; raises InvestigationError when nothing in it can be investigated."""
        if self._run is None:
            self._run = self._read()
        return self._run

    @property
    def run_so_far(self) -> RunRecord:
        """The run if it has been read already, else an empty one: a partial report must not wait for the reader."""
        return self._run or RunRecord(root=str(self.request.root))

    def _read(self) -> RunRecord:
        run = self._text() if self.request.pasted else self._folder()
        if not (run.series or run.events or run.config or run.code or run.environment):
            raise InvestigationError(_nothing_read(self.request, run))
        return run

    def _text(self) -> RunRecord:
        return read_text(Path(self.request.path).read_text(errors="replace"), redactor=self.redactor)

    def _folder(self) -> RunRecord:
        path = Path(self.request.path)
        if not path.exists():
            raise InvestigationError(
                f"{path} does not exist. Give the folder of the run, one log file, or - for stdin."
            )
        try:
            return read_run(path, stdin=self._supplied(), redactor=self.redactor)
        except PermissionError as error:
            raise InvestigationError(
                f"{error.filename or path} may not be read by this user. Copy the run's files, or grant read access."
            ) from error
        except ValueError as error:  # a device, a socket or a named pipe
            raise InvestigationError(f"{error}. Give the folder of the run, one log file, or - for stdin.") from error

    def _supplied(self) -> str | None:
        """What was pasted beside the run."""
        supplied = self.request.supplied
        return None if supplied is None else Path(supplied).read_text("utf-8", errors="replace")

    @property
    def tried(self) -> tuple[str, ...]:
        """What was attempted already: told with the request, and told in a pasted report."""
        told = (event.values.get("attempt") for event in self.run.events if event.name == TOLD_ATTEMPT)
        return (*self.request.tried, *(str(attempt) for attempt in told if attempt))

    @cached_property
    def paper(self) -> Paper | None:
        """The paper that the code implements, if one was named."""
        if self.request.paper is None:
            return None
        try:
            return read_paper(Path(self.request.paper))
        except UnreadablePaper as error:
            raise InvestigationError(str(error)) from error

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What differs from the baseline run, if one was named."""
        if self.request.baseline is None:
            return ()
        baseline = Path(self.request.baseline)
        if not baseline.exists():
            raise InvestigationError(f"The baseline {baseline} does not exist. Give the folder of a run that worked.")
        return compare(self.run, read_run(baseline, redactor=self.redactor))

    @cached_property
    def siblings(self) -> tuple[Sibling, ...]:
        apart = self.request.pasted or not self.request.siblings
        return () if apart else find_siblings(Path(self.request.path), self.run, self.redactor)

    @cached_property
    def index(self) -> KnowledgeIndex:
        """The knowledge index, built on first use."""
        return open_index(home=misrun_home())

    @cached_property
    def sources(self) -> "tuple[Source, ...]":
        """The live sources; none unless the request asks for them."""
        if not self.request.online:
            return ()
        from misrun.knowledge.sources.registry import all_sources, open_web

        return all_sources(open_web(misrun_home()))

    @cached_property
    def ontology(self) -> Ontology:
        return load_ontology()

    @cached_property
    def code_text(self) -> str:
        """The run's code, cut to _CODE_TEXT_CHARACTERS."""
        parts: list[str] = []
        room = _CODE_TEXT_CHARACTERS
        for code in self.run.code:
            if room <= 0:
                break
            file = self.request.root / code.path
            if file.is_file():  # its name may have been redacted
                parts.append(file.read_text(errors="replace")[:room])
                room -= len(parts[-1])
        return "\n".join(parts)


def _nothing_read(request: Request, run: RunRecord) -> str:
    lines = [f"Nothing in {request.shown_path} could be investigated: no metrics, errors, settings or code were found."]
    lines += [f"  {skipped.file}: {skipped.reason}" for skipped in run.skipped[:8]]
    if len(run.skipped) > 8:
        lines.append(f"  and {len(run.skipped) - 8} more")
    lines.append("Supply the console log (stdout and stderr), the metrics file, or the training script;")
    lines.append("a pasted fragment is enough: misrun investigate - < log.txt")
    return "\n".join(lines)
