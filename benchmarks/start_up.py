"""Wall time of `misrun demo` (cold: a new home each time, so the index is built) and of `misrun --help`.

    python benchmarks/start_up.py [runs]

Prints medians in seconds, and each as a ratio to `python -c pass` on the same machine. Modules are compiled before the
first measured run, as pip does when it installs a wheel; without that every start compiles some 300 files anew.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time


def seconds(arguments: list[str], compiled: str, *, cold: bool) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, **({"MISRUN_HOME": home} if cold else {})}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began = time.perf_counter()
        subprocess.run(arguments, env=environment, check=True, capture_output=True)
        return time.perf_counter() - began


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as compiled:
        measure(runs, compiled)


def measure(runs: int, compiled: str) -> None:
    python = [sys.executable]
    base = statistics.median(seconds([*python, "-c", "pass"], compiled, cold=False) for _ in range(runs))
    for name, arguments, cold in (
        ("misrun demo, cold", ["-m", "misrun", "demo", "--quiet"], True),
        ("misrun demo, warm", ["-m", "misrun", "demo", "--quiet"], False),
        ("misrun --help", ["-m", "misrun", "--help"], False),
    ):
        seconds([*python, *arguments], compiled, cold=cold)
        median = statistics.median(seconds([*python, *arguments], compiled, cold=cold) for _ in range(runs))
        sys.stdout.write(
            f"{name}: median {median:.2f} s over {runs} runs, {median / base:.0f} x an empty interpreter\n"
        )


if __name__ == "__main__":
    main()
