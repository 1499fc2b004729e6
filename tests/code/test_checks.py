"""Every check on buggy programs in several styles and on correct programs that look alike.

`tests/data/code/cases/<check id>.py` holds programs after `#%% buggy: <name>` and `#%% correct: <name>`; `#% file: <name>`
starts another file. `# BUG` marks the line to be blamed. A correct program must be free of findings of every check.
"""

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import PRELUDE

from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.code.inspect import inspect

CASES = Path(__file__).parents[1] / "data" / "code" / "cases"


@dataclass(frozen=True)
class Case:
    check: str
    kind: str
    name: str
    files: dict[str, str]

    @property
    def id(self) -> str:
        return f"{self.check}-{self.kind}-{self.name.replace(' ', '_')}"


def read_cases() -> list[Case]:
    cases = []
    for path in sorted(CASES.glob("*.py")):
        for section in path.read_text(encoding="utf-8").split("#%% ")[1:]:
            title, _, text = section.partition("\n")
            kind, _, name = title.partition(": ")
            cases.append(Case(path.stem, kind, name, split_files(text)))
    return cases


def split_files(text: str) -> dict[str, str]:
    if not text.startswith("#% file: "):
        return {"train.py": PRELUDE + text}
    files = {}
    for part in text.split("#% file: ")[1:]:
        name, _, body = part.partition("\n")
        files[name.strip()] = body
    return files


ALL = read_cases()


def write(case: Case, folder: Path) -> None:
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def marked(case: Case) -> set[tuple[str, int]]:
    return {
        (name, number)
        for name, text in case.files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if line.rstrip().endswith("# BUG")
    }


@pytest.mark.parametrize("case", [c for c in ALL if c.kind == "buggy"], ids=lambda c: c.id)
def test_bug_is_found_on_its_line_and_its_patch_applies(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    found = [f for f in inspect(tmp_path).findings if f.check == case.check]
    assert {(f.file, f.line) for f in found} == marked(case)
    for finding in found:
        assert finding.message and finding.expected and finding.verify and 0 < finding.confidence <= 1
        if finding.patch:
            applied = subprocess.run(
                ["patch", "-p1", "--batch"], cwd=tmp_path, input=finding.patch, text=True, capture_output=True
            )
            assert applied.returncode == 0, applied.stdout
            ast.parse((tmp_path / finding.file).read_text(encoding="utf-8"))
            cured = inspect(tmp_path).findings
            assert (case.check, finding.file) not in {(f.check, f.file) for f in cured}
            write(case, tmp_path)


@pytest.mark.parametrize("case", [c for c in ALL if c.kind == "correct"], ids=lambda c: c.id)
def test_correct_program_has_no_findings(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    assert [(f.check, f.line, f.message) for f in inspect(tmp_path).findings] == []


def test_every_check_has_buggy_and_correct_programs() -> None:
    kinds = {(case.check, case.kind) for case in ALL}
    assert {check for check, _ in kinds} <= set(CHECKS)
    assert [c for c in CHECKS if (c, "buggy") not in kinds or (c, "correct") not in kinds] == []
