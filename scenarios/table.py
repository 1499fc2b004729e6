"""The table of scenarios in README.md: `python -m misrun.scenarios.table` writes it anew from the files."""

import sys
from collections import Counter
from pathlib import Path

from misrun.scenarios.library import ROOT, load_all, load_answer
from misrun.scenarios.recording import provenance
from misrun.scenarios.schema import Scenario

README = ROOT / "README.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
_HEAD = ("id", "category", "mode", "difficulty", "architecture", "optimizer", "recording", "seconds", "variants")


def table() -> str:
    """Counts per category and one row per scenario, as Markdown; `seconds` is processor time of the recorded run."""
    scenarios, damaged = load_all()
    rows = [_row(scenario) for scenario in scenarios]
    counts = Counter(row[1] for row in rows)
    lines = [
        ", ".join(f"{counts[category]} {category}" for category in sorted(counts)) + f": {len(rows)} in all.",
        "",
        f"| {' | '.join(_HEAD)} |",
        "|" + "---|" * len(_HEAD),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join([*lines, *(f"\n{entry.id} is damaged." for entry in damaged)]) + "\n"


def _row(scenario: Scenario) -> tuple[str, ...]:
    answer = load_answer(scenario)
    return (
        scenario.id,
        answer.category,
        answer.mode.split("/")[1],
        answer.difficulty,
        scenario.architecture or "-",
        scenario.optimizer or "-",
        scenario.recording,
        f"{provenance(scenario).seconds:.1f}",
        ", ".join(variant.name for variant in scenario.variants) or "-",
    )


def with_table(readme: str) -> str:
    """`readme` with a new table between its marks; ValueError when the marks are not there."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def main(path: Path = README) -> None:
    """Write the table into README.md."""
    path.write_text(with_table(path.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{path.name}: {len(load_all()[0])} scenarios\n")


if __name__ == "__main__":
    main()
