import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.cli.app import scenarios as app
from misrun.scenarios.recording import record
from misrun.scenarios.schema import Scenario

runner = CliRunner()
Make = Callable[..., Scenario]
KEYS = {"id", "architecture", "optimizer", "recording", "healthy"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISRUN_HOME", str(tmp_path / "home"))


def test_the_list_has_the_contract_s_keys_and_no_label() -> None:
    rows = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert all(set(row) == KEYS for row in rows)


def test_labels_come_only_when_asked_for() -> None:
    rows = json.loads(runner.invoke(app, ["list", "--json", "--answers"]).stdout)
    labels = {row["id"]: (row["category"], row["mode"]) for row in rows}
    assert labels["r077"] == ("data_pipeline", "data_pipeline/vocabulary_mismatch")


def test_the_table_is_aligned_and_complete() -> None:
    lines = runner.invoke(app, ["list"]).stdout.splitlines()
    at = lines[0].index("recording")
    assert {line[at:].split()[0] for line in lines[1:]} <= {"cpu", "cuda", "simulated"}


def test_a_damaged_scenario_is_named_beside_the_list_of_the_others(make: Make) -> None:
    make("r901")
    (make("r902").folder / "scenario.json").write_text("{")
    result = runner.invoke(app, ["list", "--json"])
    assert [row["id"] for row in json.loads(result.stdout)] == ["r901"]
    assert "r902 cannot be used" in result.stderr


def test_a_damaged_answer_is_named_too_when_answers_are_asked_for(make: Make) -> None:
    make("r901")
    (make("r902").folder / "answer.json").write_text("{")
    result = runner.invoke(app, ["list", "--json", "--answers"])
    assert [row["id"] for row in json.loads(result.stdout)] == ["r901"]
    assert "r902 cannot be used" in result.stderr


def test_show_tells_limits_and_variants_and_files_and_not_the_answer(make: Make) -> None:
    make(limits={"rss_mib": 300, "volumes": {"out": 5}})
    text = runner.invoke(app, ["show", "r900"]).stdout
    assert "limited to 300 MiB resident, 5 MiB at out" in text
    assert "variants   longer, any seed" in text
    assert "code/main.py (11 lines)" in text
    assert "answer" not in text


def test_run_shows_the_output_and_keeps_the_project(make: Make, tmp_path: Path) -> None:
    make()
    result = runner.invoke(app, ["run", "r900", "--out", str(tmp_path / "out")])
    assert result.stdout.splitlines()[0] == "step 1 x -3.0030"
    assert "check: distance" in result.stderr
    assert "a working run: distance at most 0.1" in result.stderr
    assert sorted(p.name for p in (tmp_path / "out" / "demo").iterdir()) == [
        "environment.txt",
        "main.py",
        "train.log",
        "x.txt",
    ]


def test_record_in_place_and_fresh(make: Make, tmp_path: Path) -> None:
    scenario = make()
    assert runner.invoke(app, ["record", "r900"]).exit_code == 0
    assert (scenario.run_dir / "train.log").is_file()
    result = runner.invoke(app, ["record", "--seed", "7", "--variants", "all", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("2/2 recorded")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["r900-7", "r900-longer-7"]
    again = runner.invoke(app, ["verify", str(tmp_path / "out" / "r900-longer-7")])
    assert again.stdout.splitlines()[-1] == "1/1 scenarios are as described"


def test_a_variant_that_is_not_as_labelled_is_named_and_the_others_recorded(make: Make, tmp_path: Path) -> None:
    make("r901", variants=[{"name": "gentle", "arguments": ["--rate", "0.5"]}])
    make("r902")
    result = runner.invoke(app, ["record", "--variants", "all", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "not recorded: r901-gentle-1" in result.stderr
    assert "3/4 recorded" in result.stdout


def test_verify_all_names_the_broken_one_and_verifies_the_rest(make: Make) -> None:
    for scenario_id in ("r901", "r902", "r903"):
        record(make(scenario_id))
    (make("r904").folder / "scenario.json").write_text("{")
    (make("r905").folder / "answer.json").write_text("{")
    result = runner.invoke(app, ["verify", "--all"])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "3/5 scenarios are as described"
    assert "r904 cannot be used" in result.stderr
    assert "r905: NOT as described" in result.stdout


def test_a_rotating_sample_reaches_every_scenario(make: Make) -> None:
    for number in range(1, 6):
        record(make(f"r90{number}"))
    seen: set[str] = set()
    for turn in range(3):
        result = runner.invoke(app, ["verify", "--sample", "2", "--turn", str(turn)])
        ids = {line[:4] for line in result.stdout.splitlines()[:-1]}
        assert len(ids) == 2
        seen |= ids
    assert seen == {"r901", "r902", "r903", "r904", "r905"}


@pytest.mark.parametrize(
    "command",
    [
        ["show", "x"],
        ["run", "x"],
        ["record", "x"],
        ["record"],
        ["record", "r077", "--seed", "3"],
        ["record", "r077", "--variants", "nonsense", "--out", "."],
        ["verify", "x"],
        ["verify"],
    ],
)
def test_what_cannot_be_done_exits_with_2_and_says_what_to_do(command: list[str]) -> None:
    result = runner.invoke(app, command)
    assert result.exit_code == 2
    assert result.stderr.startswith("misrun: ")
