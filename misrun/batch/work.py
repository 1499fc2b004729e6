"""The work on one run, in a process of its own or on a cluster; whatever happens, it ends as a row."""

import time
from dataclasses import dataclass
from pathlib import Path

from misrun.agents.investigation import investigate, new_request
from misrun.agents.report import Report
from misrun.agents.request import InvestigationError
from misrun.batch.row import BatchRow, row_of
from misrun.tools.redact.private_names import Private


@dataclass(frozen=True)
class Wanted:
    """What all runs of a batch share. `pages` is a folder for a report page per run; `timeout` in seconds per run."""

    root: Path
    pages: Path | None = None
    timeout: float | None = None
    private: tuple[Private, ...] = ()


def investigate_one(wanted: Wanted, run: str) -> BatchRow:
    """Investigates the run named relative to the root."""
    began = time.perf_counter()
    try:
        report = investigate(new_request(wanted.root / run, private=wanted.private), timeout=wanted.timeout)
        row = row_of(run, report, time.perf_counter() - began)
        if wanted.pages is not None:
            _write_page(wanted.pages, report)
        return row
    except InvestigationError as error:
        return BatchRow(run=run, error=str(error).splitlines()[0])
    # One run that trips over a defect of ours must not end the batch of a thousand others.
    except Exception as error:  # noqa: BLE001
        return BatchRow(run=run, error=f"{type(error).__name__}: {error}".splitlines()[0][:300])


def _write_page(folder: Path, report: Report) -> None:
    from misrun.report.html.document import to_html

    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{report.id}.html").write_text(to_html(report), encoding="utf-8")
