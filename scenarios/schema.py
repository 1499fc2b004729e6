"""The scenarios as records: what a run was (`Scenario`) and, kept apart, what was wrong with it (`Answer`).

Only evals and tests call `load_answer`. Everything else goes through `load` and never opens an answer file.
"""

import json
import re
from difflib import unified_diff
from pathlib import Path
from typing import Literal

from pydantic import ValidationError, field_validator, model_validator

from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN, Category, category_of
from misrun.tools.record import Record, Span

ROOT = Path(__file__).resolve().parent


class UnknownScenario(ValueError):
    """No scenario has this id."""


class Scenario(Record):
    """One run of one small project: the code, what the run left behind, and how to run it again.

    `command` follows the interpreter; it is empty when there is no code to run. `streams` tells whether standard
    output and error were kept in one train.log ("joined") or in stdout.log and stderr.log ("split").
    """

    folder: Path
    project: str
    command: tuple[str, ...]
    streams: Literal["joined", "split"]
    architecture: str | None
    optimizer: str | None
    recording: Literal["cpu", "cuda", "simulated"]
    healthy: bool

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def run_dir(self) -> Path:
        return self.folder / "run"

    @property
    def code_dir(self) -> Path | None:
        """The project's code, or None where only records were handed over."""
        return self.folder / "code" if self.command else None

    @model_validator(mode="after")
    def _folders_exist(self) -> "Scenario":
        if not self.run_dir.is_dir() or (self.code_dir is not None and not self.code_dir.is_dir()):
            raise ValueError(f"scenario {self.id} lacks its run or code folder")
        return self


class Edit(Record):
    """Replaces `old` by `new` in one code file; `old` stands there exactly once, so an edit cannot go astray."""

    file: str
    old: str
    new: str

    def apply(self, code: Path) -> None:
        path = code / self.file
        path.write_text(self.edited(path.read_text("utf-8")), "utf-8")

    def edited(self, text: str) -> str:
        """`text` after the edit; ValueError when `old` does not stand in it exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: text to replace found {text.count(self.old)} times, not once: {self.old!r}")
        return text.replace(self.old, self.new)


class Change(Record):
    """A change to the code and the reason why it cures, or (a decoy) why it looks as if it did and does not."""

    why: str
    edits: tuple[Edit, ...]

    def apply(self, code: Path) -> None:
        for edit in self.edits:
            edit.apply(code)

    def patch(self, code: Path) -> str:
        """The change as a unified diff against `code`, for `patch -p1`."""
        parts: list[str] = []
        for name in dict.fromkeys(edit.file for edit in self.edits):
            before = after = (code / name).read_text("utf-8")
            for edit in self.edits:
                after = edit.edited(after) if edit.file == name else after
            parts += unified_diff(before.splitlines(True), after.splitlines(True), f"a/{name}", f"b/{name}")
        return "".join(parts)


class Trace(Record):
    """A pattern that a file of the run contains (`re.search`, multi-line)."""

    file: str
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a pattern: {pattern!r} ({error})") from error
        return pattern


class Measure(Trace):
    """A number the run reports: every match's group 1 must be finite, and the last one within the bounds."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_one_group(self) -> "Measure":
        if re.compile(self.pattern).groups != 1:
            raise ValueError(f"a measure's pattern needs exactly one group: {self.pattern}")
        return self


class Success(Record):
    """What a working run looks like: it exits with 0 and every measure holds."""

    measures: tuple[Measure, ...]


class Alternative(Record):
    """Another mode that counts as right, and why."""

    mode: str
    reason: str

    @field_validator("mode")
    @classmethod
    def _known(cls, mode: str) -> str:
        if mode not in MODES:
            raise ValueError(f"no failure mode {mode!r}")
        return mode


class Answer(Record):
    """What was wrong. Paths and lines of `places` refer to the code folder; `onset_step` is the first optimizer step
    whose result is wrong (None: wrong from the start, or there is no telling)."""

    category: Category
    mode: str
    difficulty: Literal["easy", "medium", "hard"]
    places: tuple[Span, ...]
    mechanism: str
    onset_step: int | None
    alternatives: tuple[Alternative, ...]
    evidence: tuple[Trace, ...]
    success: Success | None
    cures: tuple[Change, ...]
    decoys: tuple[Change, ...]

    @property
    def accepted(self) -> frozenset[str]:
        """Every mode that counts as right."""
        return frozenset({self.mode, *(other.mode for other in self.alternatives)})

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Answer":
        if self.mode not in MODES or category_of(self.mode) != self.category:
            raise ValueError(f"{self.mode} is not a mode of category {self.category}")
        faulty = self.mode not in (HEALTHY, UNKNOWN)
        if faulty != bool(self.places and self.cures and self.evidence):
            raise ValueError("a faulty scenario names places, evidence and cures; another one names none of them")
        if self.cures and self.success is None:
            raise ValueError("cures need a success test")
        return self


def all_scenarios() -> tuple[Scenario, ...]:
    """Every scenario, sorted by id."""
    return tuple(load(path.parent.name) for path in sorted(ROOT.glob("*/scenario.json")))


def load(scenario_id: str) -> Scenario:
    """The scenario with this id; UnknownScenario when there is none, ValueError when its file is wrong."""
    path = ROOT / scenario_id / "scenario.json"
    if not re.fullmatch(r"\w+", scenario_id) or not path.is_file():
        known = ", ".join(sorted(found.parent.name for found in ROOT.glob("*/scenario.json")))
        raise UnknownScenario(f"no scenario {scenario_id!r}; there are: {known}")
    fields = json.loads(path.read_text("utf-8"))
    try:
        return Scenario.model_validate_json(json.dumps({"folder": str(path.parent), **fields}), strict=True)
    except ValidationError as error:
        raise ValueError(f"{path}: {error}") from error


def load_answer(scenario: Scenario) -> Answer:
    """What was wrong with this run, checked against its code. For evals and tests only: nothing that diagnoses may
    call it. ValueError when the file is wrong or does not fit the code."""
    path = scenario.folder / "answer.json"
    try:
        answer = Answer.model_validate_json(path.read_bytes(), strict=True)
        _check_against_code(scenario, answer)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from error
    return answer


def _check_against_code(scenario: Scenario, answer: Answer) -> None:
    if (answer.mode == HEALTHY) != scenario.healthy:
        raise ValueError("the scenario and its answer disagree on whether the run is healthy")
    code = scenario.code_dir
    if code is None:
        if answer.places or answer.success or answer.cures or answer.decoys:
            raise ValueError("there is no code to point at, run or change")
        return
    if answer.success is None:
        raise ValueError("a scenario with code needs a success test")
    for place in answer.places:
        if place.last > len((code / place.file).read_text("utf-8").splitlines()):
            raise ValueError(f"{place} is beyond the end of the file")
    for change in (*answer.cures, *answer.decoys):
        change.patch(code)
