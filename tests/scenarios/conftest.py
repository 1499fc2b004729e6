"""A scenario of a few lines that needs no packages, to be spoiled and run in tests."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.scenarios import library
from misrun.scenarios.library import read_scenario
from misrun.scenarios.schema import Scenario

MAIN = """import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--rate", type=float, default=4.0)
parser.add_argument("--steps", type=int, default=10)
args = parser.parse_args()
x = 1.0 + args.seed / 1000
for step in range(1, args.steps + 1):
    x -= args.rate * x
    print(f"step {step} x {x:.4f}")
pathlib.Path("x.txt").write_text(str(x))
"""
CHECK = 'import json, pathlib\nprint(json.dumps({"distance": abs(float(pathlib.Path("x.txt").read_text()))}))\n'
SCENARIO = {
    "project": "demo",
    "command": ["main.py"],
    "streams": "joined",
    "architecture": "mlp",
    "optimizer": "sgd",
    "recording": "cpu",
    "healthy": False,
    "seed": {"value": 1, "arguments": ["--seed", "{seed}"]},
    "variants": [{"name": "longer", "optimizer": "adam", "arguments": ["--steps", "20"]}],
}
ANSWER = {
    "category": "optimization",
    "mode": "optimization/learning_rate_too_high",
    "difficulty": "easy",
    "places": [{"file": "main.py", "first": 4, "last": 4}],
    "mechanism": "Every step overshoots the minimum by three times the distance to it.",
    "onset": {"step": 1, "tolerance": 0, "file": "train.log", "pattern": r"^step (\d+) x -?[3-9]", "match": "first"},
    "alternatives": [],
    "evidence": [{"file": "train.log", "pattern": r"x -?\d{3,}"}],
    "success": {"bounds": {"distance": {"at_most": 0.1}}},
    "cures": [
        {
            "why": "Half the distance at a time.",
            "edits": [{"file": "main.py", "old": "default=4.0", "new": "default=0.5"}],
        }
    ],
    "decoys": [{"why": "More of the same.", "arguments": ["--steps", "12"]}],
}


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scenario]:
    """Writes a scenario into a scenario root of the test's own; fields given replace those above."""
    root = tmp_path / "scenarios"
    monkeypatch.setattr(library, "ROOT", root)

    def write(
        scenario_id: str = "r900",
        main: str = MAIN,
        check: str = CHECK,
        answer: dict[str, object] | None = None,
        **fields: object,
    ) -> Scenario:
        folder = root / scenario_id
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "main.py").write_text(main)
        (folder / "check.py").write_text(check)
        (folder / "scenario.json").write_text(json.dumps(SCENARIO | fields))
        (folder / "answer.json").write_text(json.dumps(ANSWER | (answer or {})))
        return read_scenario(folder)

    return write
