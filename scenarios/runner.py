"""Runs scenarios: to record what a run leaves behind, and to verify that failures fail and cures cure.

Everything runs in a temporary copy on one CPU thread, for at most LIMIT_S seconds.
"""

import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from misrun.scenarios.schema import Answer, Change, Measure, Scenario, Success, load, load_answer
from misrun.tools.record import Record

# Scenarios take under 15 s on one idle core; eight times that leaves room for a busy machine.
LIMIT_S = 120.0
# Scenarios write a few kB; a file larger than this is not a log.
MAX_FILE_BYTES = 1_000_000
HOME = "/home/user"
PACKAGES = ("torch", "numpy", "PyYAML")

# One thread and the oldest instruction set of each kernel library: the same floats on any x86 CPU
# (ATEN_CPU_CAPABILITY: PyTorch dispatcher; MKL_CBWR: oneMKL guide, "conditional numerical reproducibility";
# ONEDNN_MAX_CPU_ISA: oneDNN guide, "CPU dispatcher control").
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
}


class Outcome(Record):
    """What one run left: its exit code (None: stopped at the time limit) and its text files by relative path."""

    exit_code: int | None
    files: dict[str, str]


class Trial(Record):
    """One changed run: why the change was made, and what (if anything) speaks against success."""

    why: str
    shortfalls: tuple[str, ...]


class Verification(Record):
    """Whether a scenario still shows what its answer says; `problems` is empty when it does."""

    id: str
    problems: tuple[str, ...]
    cures: tuple[Trial, ...] = ()
    decoys: tuple[Trial, ...] = ()


def execute(scenario: Scenario, change: Change | None = None) -> Outcome:
    """Run a copy of the scenario's code, changed or not. ValueError for a scenario without code."""
    if scenario.code_dir is None:
        raise ValueError(f"scenario {scenario.id} has no code to run")
    with tempfile.TemporaryDirectory() as temporary:
        # Resolved: on macOS the temporary folder is a symlink and tracebacks print its target.
        home = Path(temporary).resolve()
        project = home / scenario.project
        shutil.copytree(scenario.code_dir, project, ignore=shutil.ignore_patterns("__pycache__"))
        if change is not None:
            change.apply(project)
        return run_project(scenario, project)


def run_project(scenario: Scenario, project: Path) -> Outcome:
    """Run the scenario's command in `project` (its code, in any changed state) and collect what it left there."""
    before = set(project.rglob("*"))
    exit_code, logs = _run_command(scenario, project)
    written = {path.relative_to(project).as_posix(): _text(path) for path in sorted(set(project.rglob("*")) - before)}
    files = logs | {name: text for name, text in written.items() if text is not None}
    return Outcome(exit_code=exit_code, files={name: _anonymous(text, project) for name, text in files.items()})


def _run_command(scenario: Scenario, project: Path) -> tuple[int | None, dict[str, str]]:
    joined = scenario.streams == "joined"
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(project.parent), **ENVIRONMENT}
    process = subprocess.Popen(
        [sys.executable, *scenario.command],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if joined else subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    try:
        output, errors = process.communicate(timeout=LIMIT_S)
        exit_code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        exit_code = None
    return exit_code, {"train.log": output} if joined else {"stdout.log": output, "stderr.log": errors}


def _text(path: Path) -> str | None:
    """The text of a file the run wrote, or None for a folder, a binary file or a huge one."""
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return None
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def _anonymous(text: str, project: Path) -> str:
    """`text` with this machine's paths replaced by those of a user called "user"."""
    places = {str(project.parent): HOME, sys.prefix: f"{HOME}/.venv", sys.base_prefix: "/usr"}
    for here, there in sorted(places.items(), key=lambda item: -len(item[0])):
        text = text.replace(here + "/", there + "/")
    return text


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
    """Run the scenario and replace its run folder by what the run left, plus environment.txt."""
    outcome = execute(scenario)
    shutil.rmtree(scenario.run_dir)
    for name, text in {**outcome.files, "environment.txt": environment_text()}.items():
        path = scenario.run_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return outcome


def lay_out(scenario_id: str, target: Path) -> Path:
    """Lay out code and records in `target` as the user's project folder would be, without scenario or answer file.

    Returns the project folder.
    """
    scenario = load(scenario_id)
    project = target / scenario.project
    for source in filter(None, (scenario.code_dir, scenario.run_dir)):
        shutil.copytree(source, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def shortfalls(success: Success, outcome: Outcome) -> tuple[str, ...]:
    """What keeps this outcome from being a success, in words; empty for a success."""
    missed = [_ending(outcome), *(_shortfall(measure, outcome) for measure in success.measures)]
    return tuple(text for text in missed if text is not None)


def _ending(outcome: Outcome) -> str | None:
    if outcome.exit_code is None:
        return f"not finished after {LIMIT_S:g} s"
    return f"exit code {outcome.exit_code}" if outcome.exit_code else None


def _shortfall(measure: Measure, outcome: Outcome) -> str | None:
    texts = re.findall(measure.pattern, outcome.files.get(measure.file, ""), re.MULTILINE)
    name = f"{measure.file} /{measure.pattern}/"
    if not texts:
        return f"{name}: no value"
    bad = next((text for text in texts if not _is_finite(text)), None)
    if bad is not None:
        return f"{name}: {bad}"
    last = float(texts[-1])
    if measure.at_least is not None and last < measure.at_least:
        return f"{name}: {last:g} is below {measure.at_least:g}"
    if measure.at_most is not None and last > measure.at_most:
        return f"{name}: {last:g} is above {measure.at_most:g}"
    return None


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        # A changed script may print anything where the number used to be.
        return False


def verify(scenario: Scenario, progress: Callable[[str], None] = lambda _: None) -> Verification:
    """Re-run the scenario, its cures and its decoys, and compare with its answer."""
    answer = load_answer(scenario)
    if scenario.code_dir is None or answer.success is None:
        return Verification(id=scenario.id, problems=())
    progress(f"{scenario.id}: as recorded")
    problems = _unlike_answer(scenario, answer, answer.success)
    cures = _trials(scenario, answer.cures, answer.success, progress)
    decoys = _trials(scenario, answer.decoys, answer.success, progress)
    problems += [f"cure does not cure ({', '.join(t.shortfalls)}): {t.why}" for t in cures if t.shortfalls]
    problems += [f"decoy cures: {t.why}" for t in decoys if not t.shortfalls]
    return Verification(id=scenario.id, problems=tuple(problems), cures=cures, decoys=decoys)


def _unlike_answer(scenario: Scenario, answer: Answer, success: Success) -> list[str]:
    outcome = execute(scenario)
    missed = shortfalls(success, outcome)
    if scenario.healthy:
        return [f"healthy run falls short: {text}" for text in missed]
    absent = [
        f"no trace of /{t.pattern}/ in {t.file}" for t in answer.evidence if not _shows(t.file, t.pattern, outcome)
    ]
    return absent if missed else [*absent, "the run succeeds as it is"]


def _shows(file: str, pattern: str, outcome: Outcome) -> bool:
    return re.search(pattern, outcome.files.get(file, ""), re.MULTILINE) is not None


def _trials(
    scenario: Scenario, changes: tuple[Change, ...], success: Success, progress: Callable[[str], None]
) -> tuple[Trial, ...]:
    trials = []
    for change in changes:
        progress(f"{scenario.id}: {change.why}")
        trials.append(Trial(why=change.why, shortfalls=shortfalls(success, execute(scenario, change))))
    return tuple(trials)
