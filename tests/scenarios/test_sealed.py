"""No tool that diagnoses reads an answer, however it is pointed at a scenario."""

import shutil
from pathlib import Path

import pytest

from misrun.scenarios.library import load
from misrun.tools.code.source import find_python_files
from misrun.tools.readers.registry import read_run

SEALED = {"answer.json", "check.py", "scenario.json", "recording.json"}


def names(paths: list[str]) -> set[str]:
    return {Path(path).name for path in paths}


@pytest.mark.parametrize("above", [False, True])
def test_a_scenario_s_folder_shows_code_and_records_alone(above: bool, tmp_path: Path) -> None:
    folder = load("r077").folder
    shutil.copytree(folder, tmp_path / "bench" / "r077")
    (tmp_path / "bench" / "r077" / "source").mkdir()
    (tmp_path / "bench" / "r077" / "source" / "train.py").write_text("x = 1\n")
    root = tmp_path / "bench" if above else tmp_path / "bench" / "r077"
    read = names([file.path for file in read_run(root).files])
    code = list(find_python_files(root))
    assert {"train.log", "vocab.py"} <= read
    assert not (read | names(code)) & SEALED
    assert not [path for path in code if "source" in Path(path).parts]


@pytest.mark.parametrize("name", ["answer.json", "check.py"])
def test_an_answer_named_by_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not read"):
        read_run(load("r077").folder / name)


def test_a_user_s_files_of_these_names_are_read(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text('{"loss": 1.0}')
    (tmp_path / "check.py").write_text("import torch\n")
    assert names([file.path for file in read_run(tmp_path).files]) == {"answer.json", "check.py"}
    assert list(find_python_files(tmp_path)) == ["check.py"]
