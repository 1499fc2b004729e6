"""What the wheel holds agrees with the folders."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
TOP = ("agents", "evals", "knowledge", "prompts", "scenarios", "tools")


def packages_on_disk() -> set[str]:
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "misrun").rglob("__init__.py")}
    for top in TOP:
        for init in (ROOT / top).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            if not re.fullmatch(r"scenarios/r\d+(/.*)?", "/".join(parts)):
                found.add(".".join(("misrun", *parts)))
    return found


def test_every_package_folder_is_listed_and_exists() -> None:
    assert set(SETUP["packages"]) == packages_on_disk()


def test_root_folders_map_under_misrun() -> None:
    mapped = {name: folder for name, folder in SETUP["package-dir"].items() if name != "misrun"}
    assert mapped == {f"misrun.{top}": top for top in TOP if (ROOT / top).is_dir()}


def test_data_files_are_packaged() -> None:
    data = SETUP["package-data"]
    assert list((ROOT / "knowledge").glob(data["misrun.knowledge"][0]))
    for pattern in data["misrun.prompts"]:
        assert list((ROOT / "prompts").glob(pattern)), pattern
    for pattern in data["misrun.report.html"]:
        assert list((ROOT / "misrun" / "report" / "html").glob(pattern)), pattern
    for pattern in data["misrun.scenarios"]:
        assert list((ROOT / "scenarios").glob(pattern)), pattern


def test_the_gate_runs_the_test_command_of_the_readme() -> None:
    commands = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("    pip ")]
    assert [c for c in commands if c.endswith("pytest")] == ['pip install -e ".[dev]" && pytest']
    assert [c for c in commands if c.endswith("misrun demo")] == ["pip install . && misrun demo"]
