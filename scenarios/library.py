"""Finds and loads scenarios. Only evals, tests and `misrun scenarios` open answers; nothing that diagnoses does."""

import json
import re
from pathlib import Path

from pydantic import ValidationError

from misrun.scenarios.schema import Answer, Scenario
from misrun.tools.diagnosis.taxonomy import HEALTHY
from misrun.tools.record import Record

ROOT = Path(__file__).resolve().parent


class UnknownScenario(ValueError):
    """No scenario has this id."""


class Damaged(Record):
    """A scenario that cannot be used, and why."""

    id: str
    reason: str


def ids() -> tuple[str, ...]:
    """The id of every scenario, damaged or not, sorted."""
    return tuple(sorted(path.parent.name for path in ROOT.glob("*/scenario.json")))


def load_all() -> tuple[tuple[Scenario, ...], tuple[Damaged, ...]]:
    """Every scenario that loads, and every one that does not with the reason; both sorted by id."""
    whole: list[Scenario] = []
    damaged: list[Damaged] = []
    for scenario_id in ids():
        try:
            whole.append(load(scenario_id))
        except (ValueError, OSError) as error:
            damaged.append(Damaged(id=scenario_id, reason=str(error)))
    return tuple(whole), tuple(damaged)


def with_answers(scenarios: tuple[Scenario, ...]) -> tuple[tuple[Scenario, ...], tuple[Damaged, ...]]:
    """Those whose answer loads, and those whose answer does not with the reason."""
    whole: list[Scenario] = []
    damaged: list[Damaged] = []
    for scenario in scenarios:
        try:
            load_answer(scenario)
            whole.append(scenario)
        except ValueError as error:
            damaged.append(Damaged(id=scenario.id, reason=str(error)))
    return tuple(whole), tuple(damaged)


def load(scenario_id: str) -> Scenario:
    """The scenario with this id; UnknownScenario when there is none, ValueError when its file is wrong."""
    path = ROOT / scenario_id / "scenario.json"
    if not re.fullmatch(r"\w+", scenario_id) or not path.is_file():
        raise UnknownScenario(f"no scenario {scenario_id!r}; `misrun scenarios list` names them all")
    return read_scenario(path.parent)


def read_scenario(folder: Path) -> Scenario:
    """The scenario in `folder`; ValueError when its scenario.json is wrong."""
    path = folder / "scenario.json"
    try:
        fields = json.loads(path.read_text("utf-8"))
        return Scenario.model_validate_json(json.dumps({"folder": str(folder), **fields}), strict=True)
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ValueError(f"{_short(path)}: {error}") from error


def load_answer(scenario: Scenario) -> Answer:
    """What was wrong with this run, checked against its code. ValueError when the file is wrong or does not fit."""
    path = scenario.folder / "answer.json"
    try:
        answer = Answer.model_validate_json(path.read_bytes(), strict=True)
        _check_against_code(scenario, answer)
    except (ValueError, OSError) as error:
        raise ValueError(f"{_short(path)}: {error}") from error
    return answer


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _check_against_code(scenario: Scenario, answer: Answer) -> None:
    if (answer.mode == HEALTHY) != scenario.healthy:
        raise ValueError("the scenario and its answer disagree on whether the run is healthy")
    code = scenario.source_dir
    for place in answer.places:
        if place.last > len((code / place.file).read_text("utf-8").splitlines()):
            raise ValueError(f"{place} is beyond the end of the file")
    for change in (*answer.cures, *answer.decoys):
        change.patch(code)
    for settings in (scenario.seed, *scenario.variants):
        for edit in settings.edits:
            edit.edited((code / edit.file).read_text("utf-8"))
