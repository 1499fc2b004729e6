"""Lines of code inspected per second: `python benchmarks/inspect_speed.py FOLDER...`, one row per folder."""

import sys
import time
from pathlib import Path

from misrun.tools.code.inspect import inspect


def main() -> None:
    for name in sys.argv[1:]:
        started = time.perf_counter()
        found = inspect(Path(name))
        seconds = time.perf_counter() - started
        sys.stdout.write(
            f"{name}: {found.files} files, {found.lines} lines, {seconds:.2f} s, {found.lines / seconds:,.0f} lines/s, "
            f"{len(found.findings)} findings ({1000 * len(found.findings) / max(found.lines, 1):.2f} per 1,000 lines)\n"
        )


if __name__ == "__main__":
    main()
