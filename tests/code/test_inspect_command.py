"""`misrun inspect`: formats and exit codes."""

import json
from pathlib import Path

import pytest
import typer
from programs import BUGGY
from typer.testing import CliRunner

from misrun.cli.inspect import inspect_command

app = typer.Typer()
app.command()(inspect_command)


@pytest.fixture
def buggy(tmp_path: Path) -> Path:
    (tmp_path / "a b.py").write_text(BUGGY)
    (tmp_path / "broken.py").write_text("def (")
    return tmp_path


def test_json_holds_findings_files_and_skipped(buggy: Path) -> None:
    result = CliRunner().invoke(app, [str(buggy), "--format", "json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert set(document) == {"findings", "files", "skipped"}
    (finding,) = document["findings"]
    assert {"check", "agent", "file", "line", "severity", "confidence", "message", "patch"} <= set(finding)
    assert (finding["check"], finding["file"], finding["line"]) == ("zero-grad-missing", "a b.py", 8)
    assert document["files"] == 1 and document["skipped"][0]["file"] == "broken.py"


def test_sarif_names_rule_level_and_place(buggy: Path) -> None:
    document = json.loads(CliRunner().invoke(app, [str(buggy), "--format", "sarif"]).stdout)
    (run,) = document["runs"]
    (result,) = run["results"]
    assert document["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "zero-grad-missing"
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("a%20b.py", 8)
    assert result["level"] == "error"


def test_text_names_line_check_and_cure(buggy: Path) -> None:
    text = CliRunner().invoke(app, [str(buggy)]).output
    assert "a b.py:8: error:" in text and "[zero-grad-missing]" in text and "+    opt.zero_grad()" in text


def test_exit_code_follows_the_asked_severity(tmp_path: Path) -> None:
    note = BUGGY.replace("loss.backward()", "opt.zero_grad()\n    loss.backward(retain_graph=True)")
    (tmp_path / "t.py").write_text(note)
    assert CliRunner().invoke(app, [str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(app, [str(tmp_path), "--fail-on", "note"]).exit_code == 1


@pytest.mark.parametrize("arguments", [["missing"], ["."], ["only.txt"], [".", "--check", "nonsense"]])
def test_input_without_python_or_unknown_check_is_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "only.txt").write_text("x")
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("misrun: ")


def test_single_file_is_inspected_alone(buggy: Path) -> None:
    result = CliRunner().invoke(app, [str(buggy / "a b.py"), "--format", "json"])
    assert json.loads(result.stdout)["skipped"] == []
