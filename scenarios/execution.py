"""Runs a scenario's project in a copy, under the limits it states, and measures what came out.

The run and its check are separate processes. The check (check.py of the scenario) is started in the project's folder
after the run, with data of its own, and prints one JSON object of numbers as its last line.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from misrun.scenarios.limits import MemoryKiller, is_enforceable, under_limits
from misrun.scenarios.schema import Change, Limits, Scenario, Settings, Success
from misrun.tools.record import Record

# Scenarios take under 20 s on one idle core; nine times that leaves room for a busy machine.
LIMIT_S = 180.0
# Scenarios write a few kB; a file larger than this is not a log.
MAX_FILE_BYTES = 1_000_000
HOME = "/home/user"

# One thread and one instruction set for each kernel library: the same floats on any x86 CPU since 2013, and a third
# less time than with the oldest set (ATEN_CPU_CAPABILITY: PyTorch dispatcher; MKL_CBWR: oneMKL guide, "conditional
# numerical reproducibility"; ONEDNN_MAX_CPU_ISA: oneDNN guide, "CPU dispatcher control").
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
}


class NotRunnable(Exception):
    """This machine cannot enforce the scenario's limits; the message says what is missing."""


class Outcome(Record):
    """What one run left: its exit code (None: stopped at the time limit), processor seconds, its text files by
    relative path, and the numbers that the check measured (`check_error`: why there are none)."""

    exit_code: int | None
    seconds: float
    files: dict[str, str]
    checks: dict[str, float] = {}
    check_error: str | None = None


def execute(scenario: Scenario, change: Change | None = None, settings: tuple[Settings, ...] = ()) -> Outcome:
    """Run a copy of the scenario's code with `settings` (default: its own seed) and the change, then its check.

    NotRunnable when the limits cannot be enforced here; ValueError when an edit does not fit the code.
    """
    settings = settings or (scenario.seed.filled(scenario.seed.value),)
    with copy_of(scenario, (*settings, *((change,) if change else ()))) as project:
        return run_project(scenario, project, arguments(*settings, *((change,) if change else ())))


def arguments(*settings: Settings) -> tuple[str, ...]:
    """The arguments of all settings; a later one overrules an earlier one where the project uses argparse."""
    return tuple(argument for part in settings for argument in part.arguments)


@contextmanager
def copy_of(scenario: Scenario, settings: tuple[Settings, ...]) -> Iterator[Path]:
    """A temporary project folder with the scenario's code and the edits of `settings` in it."""
    with tempfile.TemporaryDirectory() as temporary:
        # Resolved: on macOS the temporary folder is a symlink and tracebacks print its target.
        project = Path(temporary).resolve() / scenario.project
        shutil.copytree(scenario.source_dir, project, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in (edit for part in settings for edit in part.edits):
            edit.apply(project)
        yield project


def run_project(scenario: Scenario, project: Path, extra: tuple[str, ...] = ()) -> Outcome:
    """Run the scenario's command in `project` (its code, in any changed state), then the check there."""
    if (missing := is_enforceable(scenario.limits)) is not None:
        raise NotRunnable(f"{scenario.id}: {missing}")
    before = set(project.rglob("*"))
    exit_code, seconds, logs = _run_command(scenario, project, extra)
    written = {path.relative_to(project).as_posix(): _text(path) for path in sorted(set(project.rglob("*")) - before)}
    files = logs | {name: text for name, text in written.items() if text is not None}
    for name, text in logs.items():
        (project / name).write_text(text, "utf-8")
    checks, check_error = measured(scenario, project) if exit_code == 0 else ({}, "the run did not end well")
    return Outcome(
        exit_code=exit_code,
        seconds=round(seconds, 1),
        files={name: _anonymous(text, project) for name, text in files.items()},
        checks=checks,
        check_error=check_error,
    )


def measured(scenario: Scenario, project: Path) -> tuple[dict[str, float], str | None]:
    """The numbers that the scenario's check finds in the finished `project`, or an empty dict and why.

    A check that cannot cope with what a changed project left (no checkpoint, other shapes) fails, and so does the
    change: the numbers it should have reached are not there.
    """
    with tempfile.TemporaryDirectory() as temporary:
        check = Path(shutil.copy(scenario.check_file, temporary))
        environment = _environment(project, Limits()) | {"PYTHONPATH": str(project)}
        try:
            done = subprocess.run(
                [sys.executable, str(check)],
                cwd=project,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {}, f"the check was not finished after {LIMIT_S:g} s"
    return _numbers(done.stdout) if done.returncode == 0 else ({}, f"the check failed: {_last_line(done.stderr)}")


def _numbers(output: str) -> tuple[dict[str, float], str | None]:
    try:
        found = json.loads(_last_line(output))
        return {str(name): float(value) for name, value in found.items()}, None
    except (ValueError, AttributeError, TypeError) as error:
        return {}, f"the check printed no JSON object of numbers: {error}"


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _run_command(scenario: Scenario, project: Path, extra: tuple[str, ...]) -> tuple[int | None, float, dict[str, str]]:
    joined = scenario.streams == "joined"
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            under_limits([*_interpreter(scenario), *scenario.command, *extra], scenario.limits, project),
            cwd=project,
            env=_environment(project, scenario.limits),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if joined else errors,
            start_new_session=True,
        )
        with MemoryKiller(process.pid, scenario.limits.rss_mib, LIMIT_S) as killer:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        exit_code = None if killer.timed_out else process.returncode
        logs = {"train.log": _read(output)} if joined else {"stdout.log": _read(output), "stderr.log": _read(errors)}
    return exit_code, usage.ru_utime + usage.ru_stime, logs


def _interpreter(scenario: Scenario) -> list[str]:
    return ["bash"] if scenario.command[0].endswith(".sh") else [sys.executable]


def _environment(project: Path, limits: Limits) -> dict[str, str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {"PATH": path, "HOME": str(project.parent), **ENVIRONMENT}
    if limits.device_mib is not None:
        device = Path(__file__).resolve().parent / "device_budget"
        environment |= {"DEVICE_BUDGET_MIB": str(limits.device_mib), "PYTHONPATH": str(device)}
    return environment


def _read(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace")


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
        text = re.sub(re.escape(here) + r"(?=[/\s'\":]|$)", there, text)
    return text


def shortfalls(success: Success, outcome: Outcome) -> tuple[str, ...]:
    """What keeps this outcome from being a success, in words; empty for a success."""
    if outcome.exit_code is None:
        return (f"not finished after {LIMIT_S:g} s",)
    if outcome.exit_code:
        return (f"exit code {outcome.exit_code}",)
    if outcome.check_error is not None:
        return (outcome.check_error,)
    missed = (_shortfall(name, bound.at_least, bound.at_most, outcome) for name, bound in success.bounds.items())
    return tuple(text for text in missed if text is not None)


def _shortfall(name: str, at_least: float | None, at_most: float | None, outcome: Outcome) -> str | None:
    value = outcome.checks.get(name)
    if value is None:
        return f"{name} was not measured"
    # Written so that NaN, which compares as False, falls short.
    if at_least is not None and not value >= at_least:
        return f"{name} {value:g} is below {at_least:g}"
    if at_most is not None and not value <= at_most:
        return f"{name} {value:g} is above {at_most:g}"
    return None
