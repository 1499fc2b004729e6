"""The paper-alignment auditor: code against the paper it implements, both ways."""

from collections.abc import Sequence
from pathlib import Path

from misrun.tools.code.finding import Audit
from misrun.tools.code.project_model import Project
from misrun.tools.paper.alignment import align
from misrun.tools.paper.document import Paper, UnreadablePaper
from misrun.tools.paper.reading import read_paper
from misrun.tools.paper.record import OUTCOMES, Alignment
from misrun.tools.readers.run_record import ConfigValue

AGENT = "paper_alignment"


def audit(root: Path, paper: Path, files: Sequence[str] | None = None, config: Sequence[ConfigValue] = ()) -> Audit:
    """Compares the Python files below `root` (or `files`, relative to it) and the settings in `config` with a paper.

    A paper that cannot be read gives the status "failed" with the reason."""
    try:
        return compare(root, read_paper(paper), files, config)
    except UnreadablePaper as error:
        return Audit(agent=AGENT, status="failed", reason=str(error))


def compare(root: Path, paper: Paper, files: Sequence[str] | None, config: Sequence[ConfigValue]) -> Audit:
    """The same for a paper that was read. Neither the paper nor the user's code can make this raise."""
    try:
        project = Project.read(root, files)
        if not project.files:
            return Audit(
                agent=AGENT, status="nothing_to_read", skipped=project.skipped, reason="no readable Python file"
            )
        alignment = align(paper, project, [value for value in config if not _is_prose(value, paper)])
    # A defect of a comparison must not end the other auditors' work; the report shows the failure with its reason.
    except Exception as error:  # noqa: BLE001
        return Audit(agent=AGENT, status="failed", reason=f"{type(error).__name__}: {error}")
    clean = tuple(f"{row.says} ({row.paper}): {row.code[0]}" for row in alignment.of("verified") if row.code)
    return Audit(
        agent=AGENT, status="done", alignment=alignment, clean=clean, files=len(project.files), skipped=project.skipped
    )


def _is_prose(value: ConfigValue, paper: Paper) -> bool:
    """Whether a setting was read from the paper itself, or from a page of examples such as README.md."""
    file = Path(value.span.file)
    return file.name == paper.file or file.suffix.lower() in (".md", ".markdown", ".rst", ".tex")


def summary(alignment: Alignment) -> str:
    """ "2 discrepancy, 14 verified, 3 not verified"."""
    counted = ((outcome, len(alignment.of(outcome))) for outcome in OUTCOMES)
    return ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counted if count) or "nothing stated"
