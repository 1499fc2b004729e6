"""The layers of the design, read from the imports of every module."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A layer may import itself and what stands before it.
ORDER = ("prompts", "scenarios", "tools", "knowledge", "agents", "evals", "misrun")
FOLDERS = [name for name in ORDER if (ROOT / name).is_dir()]
# scenarios is data below tools: it may use the record base and the names of the failure modes, and the sandbox that runs
# what is handed in to the arena; nothing that computes.
ALLOWED_UP = {"scenarios": {"misrun.tools.record", "misrun.tools.diagnosis.taxonomy", "misrun.tools.sandbox"}}
# The faces are the top; these are what they are made of inside the package.
FACES = {"assistants", "chat", "mcp", "cli", "report", "web", "__main__", "settings"}


def modules(folder: str) -> list[Path]:
    """Our own modules; what lies in a scenario's folder is data and written as a stranger would."""
    found = sorted((ROOT / folder).rglob("*.py"))
    return [path for path in found if not re.fullmatch(r"scenarios/r\d+/.*", path.relative_to(ROOT).as_posix())]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "misrun" or len(parts) == 1:
        return None
    return parts[1] if parts[1] in ORDER else "misrun" if parts[1] in FACES else None


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_imports_a_higher_layer(folder: str) -> None:
    for path in modules(folder):
        for name in imported(path):
            layer = layer_of(name)
            if layer is None or any(name.startswith(up) for up in ALLOWED_UP.get(folder, ())):
                continue
            assert ORDER.index(layer) <= ORDER.index(folder), f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_graph_knows_langgraph() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in modules(folder)
        if any(name.split(".")[0] == "langgraph" for name in imported(path))
    }
    assert users == {"agents/graph.py"}


def test_project_code_is_imported_under_one_name() -> None:
    """`import agents` would find another package where one is installed."""
    for folder in FOLDERS:
        for path in modules(folder):
            bare = {name.split(".")[0] for name in imported(path)} & (set(ORDER) - {"misrun"})
            assert not bare, f"{path.relative_to(ROOT)} imports {bare} without misrun"
