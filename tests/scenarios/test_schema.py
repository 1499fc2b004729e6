from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.scenarios.library import Damaged, UnknownScenario, load, load_all, load_answer
from misrun.scenarios.schema import Change, Edit, Scenario

Make = Callable[..., Scenario]


def test_a_whole_scenario_loads_with_its_answer(make: Make) -> None:
    scenario = make()
    assert scenario.variant("longer").optimizer == "adam"
    assert load_answer(scenario).accepted == {"optimization/learning_rate_too_high"}


def test_an_unknown_id_says_where_the_known_ones_are() -> None:
    with pytest.raises(UnknownScenario, match="scenarios list"):
        load("nothing")


def test_an_id_cannot_leave_the_folder() -> None:
    with pytest.raises(UnknownScenario):
        load("../scenarios/r001")


def test_a_variant_that_is_not_there_names_those_that_are(make: Make) -> None:
    with pytest.raises(ValueError, match="it has: longer"):
        make().variant("shorter")


def test_loading_does_not_need_the_answer(make: Make) -> None:
    scenario = make()
    (scenario.folder / "answer.json").unlink()
    assert load("r900").project == "demo"


def test_a_damaged_scenario_is_named_and_does_not_hide_the_others(make: Make) -> None:
    make("r901")
    for scenario_id, text in (("r902", "{"), ("r903", "[]"), ("r904", '{"project": "x"}')):
        (make(scenario_id).folder / "scenario.json").write_text(text)
    whole, damaged = load_all()
    assert [scenario.id for scenario in whole] == ["r901"]
    assert [entry.id for entry in damaged] == ["r902", "r903", "r904"]
    assert all(isinstance(entry, Damaged) and entry.id in entry.reason for entry in damaged)


@pytest.mark.parametrize(
    "fields",
    [
        {"colour": "red"},
        {"healthy": "no"},
        {"recording": "gpu"},
        {"recording": "simulated memory"},
        {"limits": {"device_mib": 64}},
        {"limits": {"rss_mib": 0}},
        {"architecture": "perceptron"},
        {"command": []},
        {"seed": {"value": 1, "arguments": ["--seed", "1"]}},
        {"variants": [{"name": "Two Words"}]},
        {"variants": [{"name": "twice"}, {"name": "twice"}]},
    ],
)
def test_a_scenario_that_contradicts_itself_is_refused(make: Make, fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"scenario\.json"):
        make(**fields)


EDIT = {"file": "main.py", "old": "default", "new": "other"}


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "optimization/nonsense"},
        {"category": "data_pipeline"},
        {"difficulty": "impossible"},
        {"colour": "red"},
        {"cures": []},
        {"decoys": []},
        {"evidence": []},
        {"success": {"bounds": {}}},
        {"success": {"bounds": {"distance": {}}}},
        {"missing": [{"what": "memory", "pattern": "memory"}]},
        {"places": [{"file": "main.py", "first": 9000, "last": 9000}]},
        {"places": [{"file": "gone.py", "first": 1, "last": 1}]},
        {"alternatives": [{"mode": "nonsense", "reason": ""}]},
        {"cures": [{"why": "stands there many times", "edits": [EDIT]}]},
        {"decoys": [{"why": "stands nowhere", "edits": [EDIT | {"old": "not in the file"}]}]},
        {"decoys": [{"why": "changes nothing"}]},
        {"evidence": [{"file": "train.log", "pattern": "(unclosed"}]},
        {"onset": {"step": 1, "tolerance": 0, "file": "train.log", "pattern": "no group", "match": "first"}},
        {"category": "healthy", "mode": "healthy/healthy", "places": [], "evidence": [], "cures": []},
        {"category": "unknown", "mode": "unknown/undetermined"},
    ],
)
def test_an_answer_that_contradicts_itself_or_the_code_is_refused(make: Make, fields: dict[str, object]) -> None:
    scenario = make(answer=fields)
    with pytest.raises(ValueError, match=r"r900/answer\.json"):
        load_answer(scenario)


def test_a_change_is_a_patch_with_every_edit_of_a_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    edits = (Edit(file="a.py", old="one", new="1"), Edit(file="a.py", old="three", new="3"))
    patch = Change(why="", edits=edits).patch(tmp_path)
    assert patch == "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-one\n+1\n two\n-three\n+3\n"
    assert (tmp_path / "a.py").read_text() == "one\ntwo\nthree\n"
