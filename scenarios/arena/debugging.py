"""The debugging tools: every piece of code runs confined, beside the task's script and example data."""

import difflib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from misrun.scenarios.arena.actions import Action
from misrun.scenarios.arena.grader import lay_out
from misrun.scenarios.arena.task import Shown, Task
from misrun.scenarios.execution import ENVIRONMENT
from misrun.tools.sandbox.sandbox import Bounds, run_confined

_SECONDS = 60.0
_OUTPUT_BYTES = 100_000
_ANSWER_BYTES = 200_000


def use_tool(task: Task, shown: Shown, action: Action) -> dict[str, Any]:
    """The observation of a debugging action."""
    if action.action_type == "inspect_diff":
        return _diff(shown.script, action.proposed_code)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lay_out(folder, shown.script, task.examples(shown.variant))
        (folder / "request.json").write_text(json.dumps(action.model_dump(mode="json")))
        bounds = Bounds(
            seconds=_SECONDS, memory_mib=task.memory_mib, processes=32, output_bytes=_OUTPUT_BYTES, file_mib=64
        )
        done = run_confined([sys.executable, str(Path(__file__).with_name("run_tool.py"))], folder, bounds, ENVIRONMENT)
        answer = _answer(folder / "answer.json")
        errors = _tail(folder / "stderr.txt")
    return {
        **answer,
        "stdout": done.output,
        "stderr": errors + (f"stopped: {done.stopped}\n" if done.stopped else ""),
        "exit_code": -1 if done.exit_code is None else done.exit_code,
        "timed_out": "not finished" in done.stopped,
    }


def _answer(path: Path) -> dict[str, Any]:
    """What the tool wrote, as far as the code it ran left it alone."""
    try:
        if path.is_symlink() or path.stat().st_size > _ANSWER_BYTES:
            raise ValueError
        found = json.loads(path.read_text("utf-8"))
        return found if isinstance(found, dict) else {"error": "the answer was overwritten"}
    except (OSError, ValueError, RecursionError):
        return {"error": "the program ended before the tool could answer"}


def _tail(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OUTPUT_BYTES))
        return file.read().decode("utf-8", "replace")


def _diff(old: str, new: str) -> dict[str, Any]:
    lines = list(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "original", "proposed"))
    added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
    removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
    return {
        "diff": "".join(lines),
        "lines_changed": added + removed,
        "additions": added,
        "deletions": removed,
        "error": None,
    }
