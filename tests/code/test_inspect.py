"""What is read, what is skipped, and how findings are cited."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from programs import BUGGY, InspectFiles

from misrun.tools.code.checks.check import Problem
from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.code.inspect import inspect
from misrun.tools.code.look_for import CHECKS_FOR_MODE, checks_for
from misrun.tools.code.trace import Trace
from misrun.tools.diagnosis.taxonomy import MODES


def test_broken_file_is_skipped_with_its_reason_and_the_others_are_read(inspect_files: InspectFiles) -> None:
    result = inspect_files({"a.py": "def f(:\n", "b.py": BUGGY, "c.py": "x = '\0'"})
    assert [file for file, _ in result.skipped] == ["a.py", "c.py"]
    assert "line 1" in result.skipped[0][1]
    assert [(f.check, f.file, f.line) for f in result.findings] == [("zero-grad-missing", "b.py", 8)]


def test_ignore_comment_silences_the_named_check_on_its_line(inspect_files: InspectFiles) -> None:
    named = BUGGY.replace("loss.backward()", "loss.backward()  # misrun: ignore[zero-grad-missing]")
    other = BUGGY.replace("loss.backward()", "loss.backward()  # misrun: ignore[learning-rate-off]")
    plain = BUGGY.replace("loss.backward()", "loss.backward()  # misrun: ignore")
    result = inspect_files({"named.py": named, "other.py": other, "plain.py": plain})
    assert {f.file for f in result.findings} == {"other.py"}


def test_patch_keeps_carriage_returns(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_bytes(BUGGY.replace("\n", "\r\n").encode())
    (finding,) = inspect(tmp_path).findings
    assert finding.patch is not None
    added = [line for line in finding.patch.split("\n") if line.startswith("+ ")]
    assert added == ["+    opt.zero_grad()\r"]


def test_notebook_findings_point_at_the_line_in_the_notebook_file(tmp_path: Path) -> None:
    head, tail = BUGGY.split("for x", 1)
    cells = [
        {"cell_type": "markdown", "source": ["# title\n"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install x\n", *head.splitlines(keepends=True)]},
        {"cell_type": "code", "source": ["this is not python\n"]},
        {"cell_type": "code", "source": ("for x" + tail).splitlines(keepends=True)},
    ]
    text = json.dumps({"cells": cells, "nbformat": 4}, indent=1)
    (tmp_path / "train.ipynb").write_text(text)
    (finding,) = inspect(tmp_path).findings
    assert "loss.backward()" in text.splitlines()[finding.line - 1]
    assert finding.patch is None


def test_links_that_form_a_loop_and_foreign_folders_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "t.py").write_text(BUGGY)
    (tmp_path / "src" / "again").symlink_to(tmp_path)
    for folder in (".venv/lib", "site-packages", "__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.py").write_text(BUGGY)
    assert inspect(tmp_path).files == 1


def test_only_the_given_files_are_read(inspect_files: InspectFiles, tmp_path: Path) -> None:
    inspect_files({"a.py": BUGGY, "b.py": BUGGY})
    assert {f.file for f in inspect(tmp_path, ["a.py"]).findings} == {"a.py"}
    assert inspect(tmp_path, []).files == 0


def test_only_the_named_checks_run(inspect_files: InspectFiles) -> None:
    assert inspect_files(BUGGY, ["learning-rate-off"]).findings == ()
    with pytest.raises(KeyError):
        inspect_files(BUGGY, ["no-such-check"])


def test_a_place_reached_twice_is_reported_once(inspect_files: InspectFiles) -> None:
    function = "def step(model, opt, x, y):\n    loss = nn.functional.cross_entropy(model(x), y)\n    loss.backward()\n"
    function += "    opt.step()\n"
    loop = "for x, y in data:\n    step(m, o, x, y)\n"
    setup = "m = nn.Linear(4, 2)\no = torch.optim.Adam(m.parameters())\n"
    result = inspect_files("import torch\nfrom torch import nn\n" + function + setup + loop + loop)
    assert [(f.check, f.line) for f in result.findings] == [("zero-grad-missing", 5)]


def test_deep_recursive_and_huge_code_is_survived(inspect_files: InspectFiles) -> None:
    deep = "x = " + "(" * 80 + "1" + ")" * 80 + "\n"
    chain = "y = " + " + ".join(["z"] * 5000) + "\n"
    recursive = "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nf(3)\nclass A(A):\n    pass\n"
    flat = "".join(f"v{i} = {i}\n" for i in range(50_000))
    result = inspect_files({"a.py": deep + recursive, "b.py": chain, "c.py": flat, "d.py": BUGGY})
    assert result.lines > 50_000
    assert [f.file for f in result.findings] == ["d.py"]


def test_imports_are_followed_relative_absolute_and_circular(inspect_files: InspectFiles) -> None:
    model = "from torch import nn\nimport torch.nn.functional as F\nfrom . import loop\n"
    model += (
        "class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 2)\n"
    )
    model += "    def forward(self, x):\n        return F.softmax(self.fc(x), dim=1)\n"
    loop = "import torch\nfrom torch import nn\nfrom pkg.models import M\ndef run(data):\n    m = M()\n"
    loop += "    o = torch.optim.Adam(m.parameters())\n    c = nn.CrossEntropyLoss()\n    for x, y in data:\n"
    loop += "        o.zero_grad()\n        c(m(x), y).backward()\n        o.step()\n"
    result = inspect_files({"pkg/__init__.py": "", "pkg/models.py": model, "pkg/loop.py": loop})
    (finding,) = result.findings
    assert (finding.check, finding.file, finding.line) == ("softmax-before-cross-entropy", "pkg/models.py", 9)
    assert [str(span) for span in finding.related] == ["pkg/loop.py:10"]


def test_every_check_describes_itself_and_names_a_mode() -> None:
    for name, check in CHECKS.items():
        assert name == check.id == name.lower() and " " not in name
        assert check.mode in MODES
        assert check.what and check.why and check.cure and check.source.startswith("https://")


def test_modes_ask_only_for_checks_that_exist_and_every_check_is_asked_for() -> None:
    asked = {name for names in CHECKS_FOR_MODE.values() for name in names}
    assert set(CHECKS_FOR_MODE) <= set(MODES)
    assert asked <= set(CHECKS)
    assert asked == set(CHECKS)
    assert checks_for("healthy/healthy") == ()


def test_a_check_that_fails_is_named_and_costs_no_other_finding(
    inspect_files: InspectFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trips(_: Trace) -> Iterator[Problem]:
        raise ZeroDivisionError("of this check")
        yield

    broken = replace(CHECKS["softmax-twice"], find=trips)
    monkeypatch.setitem(CHECKS, "softmax-twice", broken)
    found = inspect_files(BUGGY)
    assert "zero-grad-missing" in {finding.check for finding in found.findings}
    assert ("check softmax-twice", "failed: ZeroDivisionError: of this check") in found.skipped


def test_a_call_of_the_builtin_slice_is_no_slice_of_data(inspect_files: InspectFiles) -> None:
    text = "from sklearn.model_selection import train_test_split\npart = slice(0, 10, 2)\nother = slice(5)\ntrain_test_split(data)\n"
    assert inspect_files(text).skipped == ()
