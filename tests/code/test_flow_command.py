"""`misrun flow`: text, JSON and refusals."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from misrun.cli.flow import flow_command

app = typer.Typer()
app.command()(flow_command)
PROGRAMS = Path(__file__).parents[1] / "data" / "code" / "flows"


def test_text_shows_each_stage_with_its_place_and_marks_what_is_open() -> None:
    lines = CliRunner().invoke(app, [str(PROGRAMS / "hidden_stage.py")]).output.splitlines()
    assert lines[0] == "loss cross_entropy  hidden_stage.py:11"
    marked = [line.split() for line in lines if line.startswith("  ? ")]
    assert [words[1:3] for words in marked] == [["pipeline_of_ours.augment", "hidden_stage.py:10"]]
    assert any("(B, 3, 16, 16)" in line and "0 .. 1" in line for line in lines)
    assert lines[-1].endswith("1 places not resolved.")


def test_json_holds_flows_findings_and_what_is_open() -> None:
    document = json.loads(CliRunner().invoke(app, [str(PROGRAMS / "digits.py"), "--json"]).stdout)
    assert set(document) == {"flows", "unresolved", "findings", "files", "skipped"}
    assert [(f["kind"], f["sink"], f["line"]) for f in document["flows"]] == [
        ("loss", "nll_loss", 32),
        ("metric", "accuracy", 43),
    ]
    assert document["flows"][0]["ways"][0]["stages"][0]["boundary"] == "disk"


def test_contradiction_stands_at_its_stage(tmp_path: Path) -> None:
    text = (PROGRAMS / "digits.py").read_text().replace("nn.Linear(9216, 128)", "nn.Linear(9000, 128)")
    (tmp_path / "t.py").write_text(text)
    lines = CliRunner().invoke(app, [str(tmp_path)]).output.splitlines()
    found = [i for i, line in enumerate(lines) if "! width-mismatch" in line]
    assert found and "linear" in lines[found[0] - 1] and "t.py:24" in lines[found[0] - 1]


@pytest.mark.parametrize("arguments", [["missing"], ["only.txt"], ["empty"]])
def test_input_without_python_is_refused(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "only.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("misrun: ")
