"""Diffs made against the same files become one that does what each does."""

from pathlib import Path

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.merged_patches import merged
from misrun.tools.code.patches import diff_of

OLD = "".join(f"line {number}\n" for number in range(1, 13))


def changed(**lines: str | None) -> str:
    """OLD with some lines replaced (None deletes), as a diff."""
    new = [lines.get(f"l{n}", f"line {n}\n") for n in range(1, 13)]
    return diff_of(OLD, "".join(text for text in new if text is not None), "a.py")


def together(root: Path, *patches: str) -> str | None:
    (root / "a.py").write_text(OLD)
    patch = merged(root, patches)
    if patch is None:
        return None
    apply_patch(patch, root)
    return (root / "a.py").read_text()


def test_neighbouring_changes_whose_contexts_overlap_are_made_together(tmp_path: Path) -> None:
    after = together(tmp_path, changed(l5="five\n"), changed(l6="six\n"), changed(l12=None))
    assert after == OLD.replace("line 5\n", "five\n").replace("line 6\n", "six\n").replace("line 12\n", "")


def test_a_change_that_several_make_is_made_once(tmp_path: Path) -> None:
    added = changed(l1="import math\nline 1\n", l5="five\n")
    after = together(tmp_path, added, changed(l1="import math\nline 1\n", l9="nine\n"))
    assert after is not None
    assert after.count("import math") == 1 and "five" in after and "nine" in after


def test_different_changes_of_one_line_are_not_mixed(tmp_path: Path) -> None:
    assert together(tmp_path, changed(l5="five\n"), changed(l5="fünf\n")) is None


def test_a_last_line_without_end_keeps_having_none(tmp_path: Path) -> None:
    old = "one\ntwo"
    (tmp_path / "a.py").write_text(old)
    patch = merged(tmp_path, [diff_of(old, "ONE\ntwo", "a.py"), diff_of(old, "one\nTWO", "a.py")])
    assert patch is not None
    apply_patch(patch, tmp_path)
    assert (tmp_path / "a.py").read_text() == "ONE\nTWO"


def test_a_file_that_is_gone_is_no_patch(tmp_path: Path) -> None:
    assert merged(tmp_path, [changed(l5="five\n")]) is None
