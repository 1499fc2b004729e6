"""How many findings on the repository's own buggy programs carry a patch, and of how many checks.

    python benchmarks/patches.py [CHECK ...] [--missing]

Each program of `tests/data/code/cases/<check id>.py` marked buggy is inspected for its own check; with `--missing` the
findings without a patch are listed.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from misrun.tools.code.inspect import inspect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "code"))  # the reader of the case files lives there
from cases import Case, read_cases


def patches_of(case: Case) -> list[bool]:
    """For every finding of the case's check, whether it carries a patch."""
    with tempfile.TemporaryDirectory() as folder:
        case.write(Path(folder))
        return [bool(f.patch) for f in inspect(Path(folder), checks=[case.check]).findings]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*")
    parser.add_argument("--missing", action="store_true")
    asked = parser.parse_args()
    findings: Counter[str] = Counter()
    patched: Counter[str] = Counter()
    for case in (c for c in read_cases() if c.kind == "buggy" and (not asked.checks or c.check in asked.checks)):
        found = patches_of(case)
        findings[case.check] += len(found)
        patched[case.check] += sum(found)
        if asked.missing and not all(found):
            sys.stdout.write(f"no patch: {case.check}: {case.name}\n")
    sys.stdout.write(f"checks with a patch   {sum(n > 0 for n in patched.values())}/{len(findings)}\n")
    sys.stdout.write(f"findings with a patch {sum(patched.values())}/{sum(findings.values())}\n")


if __name__ == "__main__":
    main()
