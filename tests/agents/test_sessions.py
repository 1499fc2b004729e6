"""What is kept of sessions: reports of finished ones, checkpoints of unfinished ones only."""

from pathlib import Path

import pytest

from misrun.agents import graph, investigation
from misrun.agents.request import InvestigationError
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out
from misrun.tools.home import misrun_home


def test_checkpoints_of_finished_sessions_are_dropped(tmp_path: Path) -> None:
    report = investigation.investigate(investigation.new_request(lay_out(load("r077"), tmp_path)))
    saver = graph.open_saver(misrun_home() / "sessions.sqlite")
    assert graph.saved_state(saver, report.id) is None
    saver.conn.close()
    assert investigation.load_report(report.id) == report


def test_a_report_that_was_written_to_a_file_can_be_loaded(tmp_path: Path) -> None:
    report = investigation.investigate(investigation.new_request(lay_out(load("r077"), tmp_path)))
    file = tmp_path / "report.json"
    file.write_text(report.model_dump_json(by_alias=True))
    assert investigation.load_report(file) == report


def test_a_report_that_never_was_says_where_reports_are() -> None:
    with pytest.raises(InvestigationError, match="no report 12345678"):
        investigation.load_report("12345678")


def test_a_pasted_log_is_cited_as_standard_input() -> None:
    text = "\n".join([*(f"step {i} loss {2.0 / i:.4f}" for i in range(1, 30)), "step 30 loss nan"])
    report = investigation.investigate(investigation.new_request(text=text))
    assert report.path == "<stdin>"
    assert {span.file for h in report.hypotheses for g in h.supporting for span in g.spans} == {"<stdin>"}
    assert report.verdict.category == "optimization"
