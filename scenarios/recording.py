"""Records what a scenario's run leaves behind, in its own folder or, with another seed or variant, in a new one."""

import json
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from misrun.scenarios.execution import Outcome, arguments, copy_of, execute, run_project, shortfalls
from misrun.scenarios.library import load_answer, read_scenario
from misrun.scenarios.schema import Answer, Change, Edit, Scenario, Settings, Variant
from misrun.tools.record import Record

PACKAGES = ("torch", "numpy", "PyYAML")


class NotAsLabelled(Exception):
    """A recorded variant does not show what its answer says."""


class Provenance(Record):
    """How a run was recorded: recording.json of a scenario, kept apart from what its user has."""

    recording: str
    seed: int
    variant: str | None
    exit_code: int | None
    seconds: float
    python: str
    torch: str


def environment_text() -> str:
    """The interpreter and the packages a recording depends on, as `pip freeze` writes them."""
    lines = [f"# Python {sys.version.split()[0]}"]
    for package in PACKAGES:
        try:
            lines.append(f"{package}=={version(package)}")
        except PackageNotFoundError:
            lines.append(f"# {package} is not installed")
    return "\n".join(lines) + "\n"


def record(scenario: Scenario) -> Outcome:
    """Run the scenario and replace its run folder by what the user gets to see of it."""
    outcome = execute(scenario)
    _write(scenario, outcome, scenario.seed.value, None)
    return outcome


def handed_over(scenario: Scenario, outcome: Outcome) -> dict[str, str]:
    """The files of the run that the user has, with environment.txt unless the user has only some of them."""
    if not scenario.handed_over:
        return {**outcome.files, "environment.txt": environment_text()}
    files = {**outcome.files, "environment.txt": environment_text()}
    return {part.file: part.cut(files[part.file]) for part in scenario.handed_over if part.file in files}


def _write(scenario: Scenario, outcome: Outcome, seed: int, variant: str | None) -> None:
    shutil.rmtree(scenario.run_dir, ignore_errors=True)
    _write_files(handed_over(scenario, outcome), scenario.run_dir)
    provenance = Provenance(
        recording=scenario.recording,
        seed=seed,
        variant=variant,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
        python=sys.version.split()[0],
        torch=version("torch"),
    )
    (scenario.folder / "recording.json").write_text(provenance.model_dump_json(indent=2) + "\n", "utf-8")


def _write_files(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def provenance(scenario: Scenario) -> Provenance:
    """How the run was recorded; ValueError or OSError when recording.json is damaged or missing."""
    return Provenance.model_validate_json((scenario.folder / "recording.json").read_bytes(), strict=True)


def record_fresh(scenario: Scenario, seed: int, variant: Variant | None, out: Path) -> Scenario:
    """Record the scenario with another seed and variant as a scenario of its own in `out`, answer included.

    The run must show what the answer says; its onset is measured on this run. NotAsLabelled, with the reason, when it
    does not, and nothing is left in `out`.
    """
    name = "-".join((scenario.id, *((variant.name,) if variant else ()), str(seed)))
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    settings = (*((variant,) if variant else ()), scenario.seed.filled(seed))
    try:
        with copy_of(scenario, settings) as project:
            shutil.copytree(project, folder / scenario.source_dir.name)
            outcome = run_project(scenario, project, arguments(*settings))
        fresh = _lay_down(scenario, folder, settings, variant, seed)
        _write(fresh, outcome, seed, variant.name if variant else None)
        answer = _answer_for(scenario, fresh, outcome)
        (folder / "answer.json").write_text(answer.model_dump_json(indent=2) + "\n", "utf-8")
        load_answer(fresh)
    except (NotAsLabelled, ValueError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NotAsLabelled(f"{name}: {error}") from error
    return fresh


def _lay_down(
    scenario: Scenario, folder: Path, settings: tuple[Settings, ...], variant: Variant | None, seed: int
) -> Scenario:
    """Write scenario.json and check.py of a fresh recording; its settings are part of its command and code now."""
    fields = scenario.model_dump(mode="json", exclude={"folder", "variants"})
    old_seed = scenario.seed
    edits = zip(old_seed.filled(seed).edits, old_seed.edits, strict=True)
    fields |= {
        "command": [*scenario.command, *arguments(*settings)],
        "architecture": (variant and variant.architecture) or scenario.architecture,
        "optimizer": (variant and variant.optimizer) or scenario.optimizer,
        "seed": {
            "value": seed,
            "arguments": list(old_seed.arguments),
            "edits": [Edit(file=now.file, old=now.new, new=then.new).model_dump() for now, then in edits],
        },
    }
    (folder / "scenario.json").write_text(json.dumps(fields, indent=2) + "\n", "utf-8")
    shutil.copy(scenario.check_file, folder / "check.py")
    return read_scenario(folder)


def _answer_for(scenario: Scenario, fresh: Scenario, outcome: Outcome) -> Answer:
    """The scenario's answer for a fresh recording of it; NotAsLabelled when the run does not show it."""
    answer = load_answer(scenario)
    if problems := unlike_answer(scenario, answer, outcome, check_onset=False):
        raise NotAsLabelled("; ".join(problems))
    onset = answer.onset
    if onset is not None:
        onset = onset.model_copy(update={"step": _required(seen_onset(answer, outcome))})
    changes = {"cures": _fitting(answer.cures, fresh), "decoys": _fitting(answer.decoys, fresh)}
    return Answer.model_validate({**answer.model_dump(), "onset": onset and onset.model_dump(), **changes})


def _fitting(changes: tuple[Change, ...], fresh: Scenario) -> list[dict[str, Any]]:
    """The changes whose text still stands in the code of the fresh recording."""
    fitting: list[dict[str, Any]] = []
    for change in changes:
        try:
            change.patch(fresh.source_dir)
        except ValueError:
            continue
        fitting.append(change.model_dump())
    return fitting


def _required(step: int | None) -> int:
    if step is None:
        raise NotAsLabelled("the run does not show its onset")
    return step


def seen_onset(answer: Answer, outcome: Outcome) -> int | None:
    """The step at which the run shows its failure, or None when it does not."""
    if answer.onset is None:
        return None
    found = re.findall(answer.onset.pattern, outcome.files.get(answer.onset.file, ""), re.MULTILINE)
    if not found:
        return None
    return int(found[0] if answer.onset.match == "first" else found[-1])


def unlike_answer(scenario: Scenario, answer: Answer, outcome: Outcome, check_onset: bool = True) -> list[str]:
    """What speaks against this outcome being what the answer describes; empty when it is."""
    missed = shortfalls(answer.success, outcome)
    if scenario.healthy:
        return [f"healthy run falls short: {text}" for text in missed]
    absent = [
        f"no trace of /{trace.pattern}/ in {trace.file}"
        for trace in answer.evidence
        if not re.search(trace.pattern, outcome.files.get(trace.file, ""), re.MULTILINE)
    ]
    succeeds = [] if missed else ["the run succeeds as it is"]
    return [*succeeds, *absent, *(_onset_problems(answer, outcome) if check_onset else [])]


def _onset_problems(answer: Answer, outcome: Outcome) -> list[str]:
    if answer.onset is None:
        return []
    step = seen_onset(answer, outcome)
    if step is None:
        return [f"no onset: /{answer.onset.pattern}/ is not in {answer.onset.file}"]
    if abs(step - answer.onset.step) > answer.onset.tolerance:
        return [f"onset at step {step}, not {answer.onset.step} +- {answer.onset.tolerance}"]
    return []


def lay_out(scenario: Scenario, target: Path, outcome: Outcome | None = None) -> Path:
    """Lay out code and records (those of `outcome`, if given) in `target` as the user's project folder would be,
    without scenario, check or answer. Returns the project folder."""
    project = target / scenario.project
    project.mkdir(parents=True, exist_ok=True)
    if scenario.code_dir is not None:
        shutil.copytree(scenario.code_dir, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if outcome is None:
        shutil.copytree(scenario.run_dir, project, dirs_exist_ok=True)
    else:
        _write_files(handed_over(scenario, outcome), project)
    return project
