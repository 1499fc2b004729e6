from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.scenarios.library import load_answer
from misrun.scenarios.recording import NotAsLabelled, environment_text, lay_out, provenance, record, record_fresh
from misrun.scenarios.schema import Scenario
from misrun.scenarios.verification import verify

Make = Callable[..., Scenario]


def run_files(scenario: Scenario) -> list[str]:
    return sorted(path.relative_to(scenario.run_dir).as_posix() for path in scenario.run_dir.rglob("*"))


def test_recording_replaces_the_run_folder_and_says_how(make: Make) -> None:
    scenario = make()
    scenario.run_dir.mkdir()
    (scenario.run_dir / "old.log").write_text("from last time")
    record(scenario)
    assert run_files(scenario) == ["environment.txt", "train.log", "x.txt"]
    assert (scenario.run_dir / "environment.txt").read_text() == environment_text()
    how = provenance(scenario)
    assert (how.recording, how.seed, how.variant, how.exit_code) == ("cpu", 1, None, 0)


def test_only_what_is_handed_over_is_recorded(make: Make) -> None:
    scenario = make(handed_over=[{"file": "train.log", "first": 2, "last": 3}])
    record(scenario)
    assert run_files(scenario) == ["train.log"]
    assert [line.split()[1] for line in (scenario.run_dir / "train.log").read_text().splitlines()] == ["2", "3"]


def test_a_fresh_recording_is_a_scenario_of_its_own_that_verifies(make: Make, tmp_path: Path) -> None:
    scenario = make()
    fresh = record_fresh(scenario, 7, scenario.variant("longer"), tmp_path / "out")
    assert fresh.id == "r900-longer-7"
    assert (fresh.optimizer, fresh.seed.value) == ("adam", 7)
    assert "x -3.0210" in (fresh.run_dir / "train.log").read_text().splitlines()[0]
    assert "step 20" in (fresh.run_dir / "train.log").read_text()
    assert provenance(fresh).variant == "longer"
    assert verify(fresh).problems == ()


def test_a_seed_in_a_config_file_is_written_there_and_can_be_changed_again(make: Make, tmp_path: Path) -> None:
    seed = {
        "value": 1,
        "edits": [{"file": "main.py", "old": "type=int, default=1)", "new": "type=int, default={seed})"}],
    }
    fresh = record_fresh(make(seed=seed), 7, None, tmp_path / "a")
    assert "default=7)" in (fresh.source_dir / "main.py").read_text()
    again = record_fresh(fresh, 9, None, tmp_path / "b")
    assert "default=9)" in (again.source_dir / "main.py").read_text()


def test_the_onset_is_measured_on_the_fresh_run(make: Make, tmp_path: Path) -> None:
    onset = {"step": 5, "tolerance": 0, "file": "train.log", "pattern": r"^step (\d+) x -?1\d\d\.", "match": "first"}
    scenario = make(answer={"onset": onset})
    assert load_answer(record_fresh(scenario, 500, None, tmp_path / "out")).onset is not None
    with pytest.raises(NotAsLabelled, match="does not show its onset"):
        record_fresh(scenario, 1, None, tmp_path / "out")
    assert not (tmp_path / "out" / "r900-1").exists()


def test_a_variant_that_does_not_fail_is_refused(make: Make, tmp_path: Path) -> None:
    variants = [{"name": "gentle", "arguments": ["--rate", "0.5"]}]
    scenario = make(variants=variants)
    with pytest.raises(NotAsLabelled, match="r900-gentle-7: the run succeeds as it is"):
        record_fresh(scenario, 7, scenario.variant("gentle"), tmp_path / "out")


def test_a_laid_out_project_has_code_and_records_and_no_answer(make: Make, tmp_path: Path) -> None:
    scenario = make()
    record(scenario)
    folder = lay_out(scenario, tmp_path / "there")
    files = sorted(path.relative_to(tmp_path / "there").as_posix() for path in folder.rglob("*"))
    assert files == ["demo/environment.txt", "demo/main.py", "demo/train.log", "demo/x.txt"]


def test_code_that_is_not_handed_over_is_not_laid_out(make: Make, tmp_path: Path) -> None:
    scenario = make()
    record(scenario)
    scenario.source_dir.rename(scenario.folder / "source")
    assert scenario.code_dir is None
    assert not list(lay_out(scenario, tmp_path / "there").glob("*.py"))
