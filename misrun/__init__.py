"""misrun finds out why an ML training run failed.

from misrun import investigate
report = investigate("runs/exp42")
print(report.verdict.mode, report.steps[0].what)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from misrun.agents.report import Report
    from misrun.tools.recorder.recorder import record
    from misrun.tools.redact.private_names import Private

__version__ = "0.1.0"
__all__ = ["investigate", "load_report", "record"]


def __getattr__(name: str) -> object:
    """`record` on first use: it needs PyTorch, which takes a second to import."""
    if name == "record":
        from misrun.tools.recorder.recorder import record

        return record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def investigate(
    path: "str | Path | None" = None,
    *,
    text: str | None = None,
    baseline: "str | Path | None" = None,
    paper: "str | Path | None" = None,
    tried: tuple[str, ...] = (),
    timeout: float | None = None,
    private: "tuple[Private, ...]" = (),
) -> "Report":
    """Investigates a run folder, one log file, or pasted `text`, and returns the Report.

    `baseline` is a run that worked; `paper` is the file of the paper that the code implements; `tried` is what was
    attempted already, in words; after `timeout` seconds the partial report comes back with `complete=False`. Secrets
    never get into it; `private` ("users", "hosts", "paths", "entropy") names what is taken out besides. Raises
    InvestigationError when nothing could be investigated.
    """
    from misrun.agents import investigation

    request = investigation.new_request(path, text=text, baseline=baseline, paper=paper, tried=tried, private=private)
    return investigation.investigate(request, timeout=timeout)


def load_report(session: "str | Path") -> "Report":
    """The report of an earlier investigation, by its id or from a JSON file."""
    from misrun.agents import investigation

    return investigation.load_report(session)
