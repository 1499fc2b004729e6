"""--help must stay light: none of the heavy packages may be imported by it."""

import subprocess
import sys

# pydantic is not in the list: typer itself imports it for the help of a command with options.
HEAVY = {"torch", "chromadb", "sklearn", "langgraph", "numpy", "onnxruntime", "yaml"}
SCRIPT = """
import sys
from typer.testing import CliRunner
from misrun.cli.app import app
result = CliRunner().invoke(app, sys.argv[1:])
assert result.exit_code == 0, result.output
print(",".join(sorted(set(sys.modules))))
"""


def modules_after(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.strip().split(","))


def test_help_imports_nothing_heavy() -> None:
    assert not modules_after("--help") & HEAVY


def test_help_of_investigate_imports_nothing_heavy() -> None:
    assert not modules_after("investigate", "--help") & HEAVY
