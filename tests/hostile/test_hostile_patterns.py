"""No expression of the readers takes quadratic time over a line."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_no_line_holds_an_expression_up() -> None:
    script = Path(__file__).with_name("run_patterns.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stderr.split()[-2]) > 300
    assert done.stdout == ""
