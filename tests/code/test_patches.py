"""Edits at nodes of the user's source become diffs that apply, keep what they do not touch, and parse."""

import ast
from pathlib import Path

import pytest

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.patches import Edit, unified_diff
from misrun.tools.code.source import SourceFile

PROGRAM = '''"""Trains."""
from __future__ import annotations

import torch  # the only one

def train(model, loader):
    for x, y in loader:
        loss = criterion(
            model(x),
            y,
        )
        if loss > 3: print("high"); continue
        loss.backward()  # keep me
    return model
'''


def source(root: Path, text: str = PROGRAM, name: str = "train.py") -> SourceFile:
    (root / name).write_bytes(text.encode())
    return SourceFile(name, name[:-3], tuple(text.splitlines()), ast.parse(text.removeprefix("\ufeff")))


def node(file: SourceFile, text: str) -> ast.AST:
    """The outermost node that is written so, a statement before an expression."""
    found = [n for n in ast.walk(file.tree) if isinstance(n, ast.expr | ast.stmt) and ast.unparse(n) == text]
    return found[0]


def edited(root: Path, *edits: Edit) -> dict[str, str]:
    diff = unified_diff(root, edits)
    assert diff is not None
    apply_patch(diff, root)
    return {path.name: path.read_bytes().decode() for path in root.iterdir()}


def test_lines_go_before_and_after_with_the_statements_indentation(tmp_path: Path) -> None:
    file = source(tmp_path)
    at = node(file, "loss.backward()")
    after = edited(
        tmp_path, Edit("before", file, at, "opt.zero_grad()"), Edit("after", file, at, "if ok:\n    opt.step()")
    )["train.py"]
    expected = "        opt.zero_grad()\n        loss.backward()  # keep me\n        if ok:\n            opt.step()\n    return"
    assert expected in after


def test_an_expression_over_several_lines_is_replaced_whole(tmp_path: Path) -> None:
    file = source(tmp_path)
    after = edited(
        tmp_path, Edit("replace", file, node(file, "criterion(model(x), y)"), "criterion(model(x), y.long())")
    )
    assert "        loss = criterion(model(x), y.long())\n        if loss" in after["train.py"]


def test_two_places_of_one_line_change_together(tmp_path: Path) -> None:
    file = source(tmp_path, "a = f(1, 2)\n")
    after = edited(tmp_path, Edit("replace", file, node(file, "1"), "10"), Edit("replace", file, node(file, "2"), "20"))
    assert after["train.py"] == "a = f(10, 20)\n"


def test_overlapping_edits_are_refused(tmp_path: Path) -> None:
    file = source(tmp_path, "a = f(1, 2)\n")
    assert unified_diff(tmp_path, [Edit("replace", file, node(file, "f(1, 2)"), "g()"), Edit("replace", file, node(file, "1"), "3")]) is None  # fmt: skip


def test_an_import_goes_below_the_others_and_only_once(tmp_path: Path) -> None:
    file = source(tmp_path)
    after = edited(tmp_path, Edit("import", file, file.tree, "import math"))["train.py"]
    assert "import torch  # the only one\nimport math\n" in after
    again = source(tmp_path, after)
    assert unified_diff(tmp_path, [Edit("import", again, again.tree, "import math")]) is None


def test_an_import_into_a_file_without_any_goes_below_its_docstring(tmp_path: Path) -> None:
    file = source(tmp_path, '"""Says."""\nprint(1)\n')
    assert edited(tmp_path, Edit("import", file, file.tree, "import math"))["train.py"].split("\n")[1] == "import math"


def test_deleting_the_only_statement_of_a_block_leaves_pass(tmp_path: Path) -> None:
    file = source(tmp_path, "if warm:\n    schedule.step()\nprint(1)\n")
    after = edited(tmp_path, Edit("delete", file, node(file, "schedule.step()")))
    assert after["train.py"] == "if warm:\n    pass\nprint(1)\n"


def test_a_statement_goes_under_a_block(tmp_path: Path) -> None:
    file = source(tmp_path, 'if a:\n    for x in xs:  # all\n        # one\n\n        f("""a\n  b""")\n    done()\n')
    loop = next(n for n in ast.walk(file.tree) if isinstance(n, ast.For))
    after = edited(tmp_path, Edit("under", file, loop, "with torch.no_grad():"))["train.py"]
    expected = '    with torch.no_grad():\n        for x in xs:  # all\n            # one\n\n            f("""a\n  b""")\n    done()\n'
    assert after == "if a:\n" + expected


def test_the_body_of_a_block_takes_its_place(tmp_path: Path) -> None:
    file = source(
        tmp_path,
        "def f(x):\n    with torch.no_grad():\n        h = g(x)\n        # then\n        h = k(h)\n    return h\n",
    )
    block = next(n for n in ast.walk(file.tree) if isinstance(n, ast.With))
    after = edited(tmp_path, Edit("release", file, block))["train.py"]
    assert "def f(x):\n    h = g(x)\n" in after and "    h = k(h)\n    return h\n" in after


def test_a_decorator_and_a_loop_can_be_deleted(tmp_path: Path) -> None:
    file = source(tmp_path, "@cache\n@other\ndef f(x):\n    for y in x:\n        print(y)\n    return x\n")
    function = file.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    after = edited(tmp_path, Edit("delete", file, function.decorator_list[0]), Edit("delete", file, function.body[0]))[
        "train.py"
    ]
    assert after == "@other\ndef f(x):\n    return x\n"


def test_two_files_make_one_diff(tmp_path: Path) -> None:
    one, two = source(tmp_path, "lr = 1.0\n", "one.py"), source(tmp_path, "wd = 2.0\n", "two.py")
    after = edited(
        tmp_path, Edit("replace", one, node(one, "1.0"), "0.1"), Edit("replace", two, node(two, "2.0"), "0.2")
    )
    assert after == {"one.py": "lr = 0.1\n", "two.py": "wd = 0.2\n"}


@pytest.mark.parametrize("text", ["\ufefflr = 1.0\r\nprint(lr)\r\n", "# größe\nlr = 1.0", "x = 'ä'; lr = 1.0\n"])
def test_marks_line_ends_and_wide_letters_stay(tmp_path: Path, text: str) -> None:
    file = source(tmp_path, text)
    after = edited(tmp_path, Edit("replace", file, node(file, "1.0"), "0.1"))
    assert after["train.py"] == text.replace("1.0", "0.1")


@pytest.mark.parametrize("action", ["before", "after", "delete"])
def test_a_statement_that_shares_its_line_is_left_alone(tmp_path: Path, action: str) -> None:
    file = source(tmp_path)
    at = node(file, "print('high')")
    assert unified_diff(tmp_path, [Edit(action, file, at, "x = 1")]) is None  # type: ignore[arg-type]


def test_a_comment_inside_what_is_replaced_is_not_lost(tmp_path: Path) -> None:
    file = source(tmp_path, "a = f(\n    1,  # one\n)\n")
    assert unified_diff(tmp_path, [Edit("replace", file, node(file, "f(1)"), "g(1)")]) is None


def test_what_would_not_parse_is_refused(tmp_path: Path) -> None:
    file = source(tmp_path)
    assert unified_diff(tmp_path, [Edit("replace", file, node(file, "loss.backward()"), "loss.backward(")]) is None


@pytest.mark.parametrize(
    ("dropped", "left"),
    [("c=3", "f(a, b)"), ("a", "f(b, c=3)"), ("b", "f(a, c=3)")],
)
def test_an_argument_goes_with_its_comma(tmp_path: Path, dropped: str, left: str) -> None:
    file = source(tmp_path, "x = f(a, b, c=3)\n")
    items = [n for n in ast.walk(file.tree) if isinstance(n, ast.expr | ast.keyword) and ast.unparse(n) == dropped]
    assert edited(tmp_path, Edit("drop", file, items[0]))["train.py"] == f"x = {left}\n"


def test_a_comment_beside_a_dropped_argument_is_not_lost(tmp_path: Path) -> None:
    file = source(tmp_path, "x = f(\n    a,  # why a\n    b,\n)\n")
    assert unified_diff(tmp_path, [Edit("drop", file, node(file, "b"))]) is None
