"""Interruptions: a kill between two stages, a deadline, and a stage that fails."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from misrun.agents import graph, investigation
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "misrun", "investigate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], stage: str) -> str:
    """Reads progress until `stage` has ended, kills the process and returns the session's id."""
    assert process.stderr is not None
    session = ""
    for line in process.stderr:
        if line.startswith("misrun: session "):
            session = line.split()[2]
        if line.startswith(f"misrun: {stage}:"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return session


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX thing")
@pytest.mark.parametrize("stage", ["characterize", "literature"])
def test_a_killed_investigation_goes_on_where_it_stood(stage: str, tmp_path: Path) -> None:
    run = lay_out(load("r087"), tmp_path)
    session = kill_after(start(str(run), "--json"), stage)
    resumed = start("--resume", session, "--json")
    out, err = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, err
    undisturbed = investigation.investigate(investigation.new_request(run))
    report = json.loads(out)
    assert report["id"] == session
    assert report["verdict"] == json.loads(undisturbed.verdict.model_dump_json())
    assert len(report["steps"]) == len(undisturbed.steps)
    assert [t["stage"] for t in report["timings"]].count("read") == 1


def test_a_finished_session_resumes_to_its_report(tmp_path: Path) -> None:
    report = investigation.investigate(investigation.new_request(lay_out(load("r077"), tmp_path)))
    assert investigation.resume(report.id) == report


def test_the_deadline_brings_a_partial_report_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The literature agent never answers; what was found before it is kept."""
    import threading

    never = threading.Event()

    def hang(*_: object, **__: object) -> None:
        never.wait(60)

    monkeypatch.setattr(graph, "search_literature", hang)
    request = investigation.new_request(lay_out(load("r077"), tmp_path))
    try:
        report = investigation.investigate(request, timeout=8)
    finally:
        never.set()
    assert not report.complete
    assert report.verdict.mode == "data_pipeline/vocabulary_mismatch"
    assert any("--resume" in note for note in report.notes)
    assert investigation.load_report(request.id) == report


def test_a_failing_auditor_is_a_record_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from misrun.agents.auditors import code_audit

    def fail(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(code_audit, "followed", fail)
    report = investigation.investigate(investigation.new_request(lay_out(load("r077"), tmp_path)))
    assert report.complete
    assert {audit.status for audit in report.audits} == {"failed"}
    assert all("too deep" in audit.reason for audit in report.audits)
    assert report.steps
