"""Every check on buggy programs in several styles and on correct programs that look alike.

A correct program must be free of findings of every check; a patch must take its finding away and bring no other.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest
from cases import Case, read_cases

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.code.inspect import inspect

ALL = read_cases()


@pytest.mark.parametrize("case", [c for c in ALL if c.kind == "buggy"], ids=lambda c: c.id)
def test_bug_is_found_on_its_line_and_its_patch_cures_it(case: Case, tmp_path: Path) -> None:
    case.write(tmp_path)
    before = inspect(tmp_path).findings
    found = [f for f in before if f.check == case.check]
    assert {(f.file, f.line) for f in found} == case.marked
    for finding in found:
        assert finding.message and finding.expected and finding.verify and 0 < finding.confidence <= 1
        if finding.patch:
            apply_patch(finding.patch, tmp_path)
            ast.parse((tmp_path / finding.file).read_text(encoding="utf-8"))
            gone = Counter(f.check for f in before)
            gone.subtract(f.check for f in inspect(tmp_path).findings)
            assert gone[case.check] > 0, finding.patch
            assert all(number >= 0 for number in gone.values()), (finding.patch, gone)
            case.write(tmp_path)


@pytest.mark.parametrize("case", [c for c in ALL if c.kind == "correct"], ids=lambda c: c.id)
def test_correct_program_has_no_findings(case: Case, tmp_path: Path) -> None:
    case.write(tmp_path)
    result = inspect(tmp_path)
    assert [(f.check, f.line, f.message) for f in result.findings] == []
    assert result.skipped == ()


def test_every_check_has_buggy_and_correct_programs() -> None:
    kinds = {(case.check, case.kind) for case in ALL}
    assert {check for check, _ in kinds} <= set(CHECKS)
    assert [c for c in CHECKS if (c, "buggy") not in kinds or (c, "correct") not in kinds] == []
