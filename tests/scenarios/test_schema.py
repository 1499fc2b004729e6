import json
import re
import shutil
from pathlib import Path

import pytest

from misrun.scenarios import schema
from misrun.scenarios.schema import Change, Edit, Scenario, UnknownScenario, all_scenarios, load, load_answer


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario root of its own with one scenario in it, to be spoiled."""
    shutil.copytree(load("s003").folder, tmp_path / "s003")
    monkeypatch.setattr(schema, "ROOT", tmp_path)
    return tmp_path / "s003"


def spoil(path: Path, **fields: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_every_folder_with_files_loads_with_its_answer() -> None:
    folders = {path.parent.name for path in schema.ROOT.glob("*/answer.json")}
    assert {scenario.id for scenario in all_scenarios()} == folders
    for scenario in all_scenarios():
        load_answer(scenario)


def test_there_are_failures_healthy_controls_and_one_that_cannot_be_known() -> None:
    categories = [load_answer(scenario).category for scenario in all_scenarios()]
    assert {"optimization", "model_software", "data_pipeline"} <= set(categories)
    assert categories.count("healthy") >= 2
    assert "unknown" in categories


def test_an_unknown_id_names_the_known_ones() -> None:
    with pytest.raises(UnknownScenario, match="s001"):
        load("nothing")


def test_an_id_cannot_leave_the_folder() -> None:
    with pytest.raises(UnknownScenario):
        load("../scenarios/s001")


def test_loading_does_not_need_the_answer(copied: Path) -> None:
    (copied / "answer.json").unlink()
    assert load("s003").project == "ops-notes-lm"


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("scenario.json", {"colour": "red"}),
        ("scenario.json", {"healthy": "no"}),
        ("scenario.json", {"recording": "gpu"}),
    ],
)
def test_a_misspelt_or_mistyped_scenario_is_refused(copied: Path, file: str, fields: dict[str, object]) -> None:
    spoil(copied / file, **fields)
    with pytest.raises(ValueError, match=r"scenario\.json"):
        load("s003")


EDIT = {"file": "opslm/vocab.py", "old": "self", "new": "this"}


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "data_pipeline/nonsense"},
        {"category": "optimization"},
        {"difficulty": "impossible"},
        {"onset_step": "137"},
        {"cures": []},
        {"success": None},
        {"places": [{"file": "opslm/vocab.py", "first": 9000, "last": 9000}]},
        {"places": [{"file": "opslm/gone.py", "first": 1, "last": 1}]},
        {"alternatives": [{"mode": "nonsense", "reason": ""}]},
        {"cures": [{"why": "stands there many times", "edits": [EDIT]}]},
        {"decoys": [{"why": "stands nowhere", "edits": [EDIT | {"old": "not in the file"}]}]},
        {"evidence": [{"file": "train.log", "pattern": "(unclosed"}]},
        {"success": {"measures": [{"file": "train.log", "pattern": "no group"}]}},
        {"category": "healthy", "mode": "healthy/healthy", "places": [], "evidence": [], "cures": []},
    ],
)
def test_an_answer_that_contradicts_itself_or_the_code_is_refused(copied: Path, fields: dict[str, object]) -> None:
    spoil(copied / "answer.json", **fields)
    with pytest.raises(ValueError, match=r"answer\.json"):
        load_answer(load("s003"))


def test_accepted_modes_hold_the_mode_and_its_alternatives() -> None:
    answer = load_answer(load("s001"))
    assert answer.accepted == {"optimization/unstable_arithmetic", "model_software/wrong_loss"}


def test_a_change_is_a_patch_with_every_edit_of_a_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    edits = (Edit(file="a.py", old="one", new="1"), Edit(file="a.py", old="three", new="3"))
    patch = Change(why="", edits=edits).patch(tmp_path)
    assert patch == "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-one\n+1\n two\n-three\n+3\n"
    assert (tmp_path / "a.py").read_text() == "one\ntwo\nthree\n"


def faulty() -> list[Scenario]:
    return [scenario for scenario in all_scenarios() if load_answer(scenario).evidence]


@pytest.mark.parametrize("scenario", faulty(), ids=lambda scenario: scenario.id)
def test_the_recorded_run_shows_the_evidence(scenario: Scenario) -> None:
    for trace in load_answer(scenario).evidence:
        assert re.search(trace.pattern, (scenario.run_dir / trace.file).read_text(), re.MULTILINE), trace


def test_the_onset_lies_where_the_log_says() -> None:
    """s001 logs every ten steps: the first NaN it shows is at the first multiple of ten from the onset on."""
    log = (load("s001").run_dir / "train.log").read_text()
    onset = load_answer(load("s001")).onset_step
    assert onset is not None
    first = next(line for line in log.splitlines() if "loss nan" in line)
    assert int(first.split()[1]) == -(-onset // 10) * 10
