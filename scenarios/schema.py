"""The scenarios as records: what a run was and how to run it again (`Scenario`) and, kept apart, what was wrong with
it (`Answer`). What a file holds beside these fields, or in another type, is refused."""

import re
from difflib import unified_diff
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN, Category, category_of
from misrun.tools.record import Record, Span

Difficulty = Literal["easy", "medium", "hard"]
Recording = Literal["cpu", "cuda", "simulated memory"]
Architecture = Literal[
    "encoder_decoder",
    "t5",
    "distilbert",
    "bert",
    "lstm_lm",
    "gru_lm",
    "cnn",
    "vit",
    "ssm",
    "mlp",
    "transformer",
    "autoencoder",
    "vae",
    "diffusion",
    "gan",
    "policy",
]
Optimizer = Literal["sgd", "adam", "adamw", "rmsprop"]


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


class Settings(Record):
    """How a project is set for one run: arguments after its command, and edits of its own config files."""

    arguments: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    def filled(self, seed: int) -> "Settings":
        """These settings with "{seed}" replaced by the number."""
        return Settings(
            arguments=tuple(text.replace("{seed}", str(seed)) for text in self.arguments),
            edits=tuple(edit.model_copy(update={"new": edit.new.replace("{seed}", str(seed))}) for edit in self.edits),
        )


class Seed(Settings):
    """The seed of the recorded run, and the settings ("{seed}" in them) that give the project another one."""

    value: int

    @model_validator(mode="after")
    def _reaches_the_project(self) -> "Seed":
        if not any("{seed}" in text for text in (*self.arguments, *(edit.new for edit in self.edits))):
            raise ValueError("no argument or edit of the seed holds {seed}")
        return self


class Variant(Settings):
    """The same failure (or health) with another optimizer, architecture or size, set through the project's config."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    architecture: Architecture | None = None
    optimizer: Optimizer | None = None


class Limits(Record):
    """What the machine grants the run.

    data_mib: private memory per process (RLIMIT_DATA); an allocation beyond it fails.
    rss_mib: resident memory of the whole process tree; beyond it the largest process gets signal 9, as the kernel's
    out-of-memory killer would do it.
    device_mib: memory of the simulated accelerator (scenarios/device_budget).
    volumes: size in MiB of a small file system mounted at a folder of the project, or at /dev/shm.
    """

    data_mib: int | None = Field(default=None, gt=0)
    rss_mib: int | None = Field(default=None, gt=0)
    device_mib: int | None = Field(default=None, gt=0)
    volumes: dict[str, int] = Field(default_factory=dict)


class HandedOver(Record):
    """A file of the run that the user has, from line `first` to line `last` (None: to its end)."""

    file: str
    first: int = Field(default=1, ge=1)
    last: int | None = None

    def cut(self, text: str) -> str:
        return "".join(text.splitlines(keepends=True)[self.first - 1 : self.last])


class Scenario(Record):
    """One run of one small project: the code, what the run left behind, and how to run it again.

    `command` follows the interpreter, or is a shell script of the project (*.sh) and its arguments. `streams` tells
    whether standard output and error were kept in one train.log ("joined") or in stdout.log and stderr.log
    ("split"). The code lies in code/, or in source/ where the user hands over no code; `handed_over` names what of
    the run the user has (empty: everything).
    """

    folder: Path
    project: str
    command: tuple[str, ...] = Field(min_length=1)
    streams: Literal["joined", "split"]
    architecture: Architecture | None
    optimizer: Optimizer | None
    recording: Recording
    healthy: bool
    seed: Seed
    variants: tuple[Variant, ...] = ()
    limits: Limits = Limits()
    handed_over: tuple[HandedOver, ...] = ()

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def run_dir(self) -> Path:
        return self.folder / "run"

    @property
    def code_dir(self) -> Path | None:
        """The project's code as the user hands it over, or None where only records are handed over."""
        folder = self.folder / "code"
        return folder if folder.is_dir() else None

    @property
    def source_dir(self) -> Path:
        """The code that runs, handed over or not."""
        return self.code_dir or self.folder / "source"

    @property
    def check_file(self) -> Path:
        """The program that measures a finished run on data of its own; see execution.py."""
        return self.folder / "check.py"

    def variant(self, name: str) -> Variant:
        """The variant of this name; ValueError when there is none."""
        found = next((variant for variant in self.variants if variant.name == name), None)
        if found is None:
            names = ", ".join(variant.name for variant in self.variants) or "none"
            raise ValueError(f"scenario {self.id} has no variant {name!r}; it has: {names}")
        return found

    @model_validator(mode="after")
    def _is_complete(self) -> "Scenario":
        if not self.source_dir.is_dir() or not self.check_file.is_file():
            raise ValueError(f"scenario {self.id} lacks code/ (or source/) or check.py")
        if (self.recording == "simulated memory") != (self.limits.device_mib is not None):
            raise ValueError("a recording is simulated memory exactly when a device budget is stated")
        names = [variant.name for variant in self.variants]
        if len(set(names)) < len(names):
            raise ValueError("two variants have the same name")
        return self


class Change(Settings):
    """A change of the code or the settings and the reason why it cures, or (a decoy) why it looks as if it did and
    does not."""

    why: str

    @model_validator(mode="after")
    def _changes_something(self) -> "Change":
        if not self.edits and not self.arguments:
            raise ValueError("a change edits a file or adds an argument")
        return self

    def patch(self, code: Path) -> str:
        """The edits as a unified diff against `code`, for `patch -p1`."""
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


class Onset(Trace):
    """The first optimizer step (counted from 1) whose result is wrong, and how a run shows it: group 1 of the first
    (or last) match is a step number within `tolerance` of `step`."""

    step: int = Field(ge=0)
    tolerance: int = Field(ge=0)
    match: Literal["first", "last"]

    @model_validator(mode="after")
    def _has_one_group(self) -> "Onset":
        if re.compile(self.pattern).groups != 1:
            raise ValueError(f"an onset's pattern needs exactly one group: {self.pattern}")
        return self


class Bound(Record):
    """Where a measured number of a working run lies; at least one side is bounded."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounds(self) -> "Bound":
        if self.at_least is None and self.at_most is None:
            raise ValueError("a bound needs at_least or at_most")
        return self


class Success(Record):
    """What a working run looks like: it exits with 0 and every number that check.py measures lies within bounds."""

    bounds: dict[str, Bound] = Field(min_length=1)


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


class Missing(Record):
    """A measurement that would settle what happened, and a pattern (case ignored) that a diagnosis naming it holds."""

    what: str
    pattern: str


class Answer(Record):
    """What was wrong. Paths and lines of `places` refer to the code folder; without an `onset` the run is wrong from
    its start, or there is no telling. `missing` is for runs whose right diagnosis is that nothing can be known."""

    category: Category
    mode: str
    difficulty: Difficulty
    places: tuple[Span, ...]
    mechanism: str
    onset: Onset | None
    alternatives: tuple[Alternative, ...]
    evidence: tuple[Trace, ...]
    success: Success
    cures: tuple[Change, ...]
    decoys: tuple[Change, ...]
    missing: tuple[Missing, ...] = ()

    @property
    def accepted(self) -> frozenset[str]:
        """Every mode that counts as right."""
        return frozenset({self.mode, *(other.mode for other in self.alternatives)})

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Answer":
        if self.mode not in MODES or category_of(self.mode) != self.category:
            raise ValueError(f"{self.mode} is not a mode of category {self.category}")
        if (self.mode == UNKNOWN) != bool(self.missing):
            raise ValueError("an unknown scenario, and no other, names what is missing")
        if self.mode == HEALTHY and (self.places or self.cures or self.decoys or self.onset):
            raise ValueError("a healthy scenario has no place to blame, no onset, no cure and no decoy")
        faulty = self.mode not in (HEALTHY, UNKNOWN)
        if faulty and not (self.places and self.cures and self.decoys and self.evidence):
            raise ValueError("a faulty scenario names places, evidence, cures and decoys")
        return self
