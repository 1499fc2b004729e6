"""Wall time of `misrun demo` (cold: a new home each time, so the index is built) and of `misrun --help`.

    python benchmarks/start_up.py [runs]

Prints medians in seconds, and each as a ratio to `python -c pass` on the same machine.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time


def seconds(arguments: list[str], *, cold: bool) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MISRUN_HOME": home} if cold else dict(os.environ)
        began = time.perf_counter()
        subprocess.run(arguments, env=environment, check=True, capture_output=True)
        return time.perf_counter() - began


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    python = [sys.executable]
    base = statistics.median(seconds([*python, "-c", "pass"], cold=False) for _ in range(runs))
    for name, arguments, cold in (
        ("misrun demo, cold", ["-m", "misrun", "demo", "--quiet"], True),
        ("misrun demo, warm", ["-m", "misrun", "demo", "--quiet"], False),
        ("misrun --help", ["-m", "misrun", "--help"], False),
    ):
        median = statistics.median(seconds([*python, *arguments], cold=cold) for _ in range(runs))
        sys.stdout.write(
            f"{name}: median {median:.2f} s over {runs} runs, {median / base:.0f} x an empty interpreter\n"
        )


if __name__ == "__main__":
    main()
