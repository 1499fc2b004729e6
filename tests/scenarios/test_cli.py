import json

import pytest
import typer
from typer.testing import CliRunner

from misrun.cli.scenarios import list_command, record_command, show_command, verify_command

app = typer.Typer()
app.command("list")(list_command)
app.command("show")(show_command)
app.command("record")(record_command)
app.command("verify")(verify_command)
runner = CliRunner()


def test_the_list_has_the_contract_s_keys_and_no_label() -> None:
    rows = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert all(set(row) == {"id", "architecture", "optimizer", "recording", "healthy"} for row in rows)


def test_labels_come_only_when_asked_for() -> None:
    rows = json.loads(runner.invoke(app, ["list", "--json", "--answers"]).stdout)
    labels = {row["id"]: (row["category"], row["mode"]) for row in rows}
    assert labels["s003"] == ("data_pipeline", "data_pipeline/vocabulary_mismatch")


def test_the_table_is_aligned_and_complete() -> None:
    lines = runner.invoke(app, ["list"]).stdout.splitlines()
    at = lines[0].index("recording")
    assert {line[at:].split()[0] for line in lines[1:]} <= {"cpu", "cuda", "simulated"}


def test_show_lists_files_and_not_the_answer() -> None:
    text = runner.invoke(app, ["show", "s001"]).stdout
    assert "python train.py --epochs 12" in text
    assert "code/train.py" in text
    assert "answer.json" not in text


@pytest.mark.parametrize("command", [["show", "x"], ["record", "x"], ["verify", "x"], ["record", "u001"]])
def test_what_cannot_be_done_exits_with_2(command: list[str]) -> None:
    result = runner.invoke(app, command)
    assert result.exit_code == 2
    assert result.stderr.startswith("misrun: ")


def test_a_scenario_without_code_verifies_at_once() -> None:
    result = runner.invoke(app, ["verify", "u001"])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1/1 scenarios are as described")
