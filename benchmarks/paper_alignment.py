"""How many planted discrepancies between paper and code are found, and how much code that agrees is accused.

python benchmarks/paper_alignment.py [--rows]
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "paper"))
from paper_pairs import compared, is_found, load_pairs

FOLDERS = ("pairs", "late", "fresh")


def measure(folder: str, rows: bool) -> str:
    """One line of counts; with `rows` also the planted cases that are missed. Those of `fresh` are never shown."""
    found = planted = accused = 0
    pairs = load_pairs(folder)
    for pair in pairs:
        with tempfile.TemporaryDirectory() as place:
            accused += any(row.outcome == "discrepancy" for row in compared(pair, None, Path(place) / "as_it_is"))
            for index, case in enumerate(pair.planted):
                planted += 1
                hit = is_found(pair, case, Path(place) / str(index))
                found += hit
                if rows and not hit and folder != "fresh":
                    sys.stdout.write(f"missed: {pair.name} {case.topic}\n")
    return f"{folder}: found {found}/{planted} planted; accused {accused}/{len(pairs)} that agree"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", action="store_true", help="name what is missed")
    args = parser.parse_args()
    for folder in FOLDERS:
        sys.stdout.write(measure(folder, args.rows) + "\n")


if __name__ == "__main__":
    main()
