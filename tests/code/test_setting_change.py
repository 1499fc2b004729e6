"""New values of settings as edits of the files that real projects keep them in."""

import subprocess
from pathlib import Path

import pytest

from misrun.tools.code.setting_change import SettingChange, applied, patched_files
from misrun.tools.readers.registry import read_run

ARGPARSE = """\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.01, help="0.01 was best once")
parser.add_argument(
    "--batch-size",
    type=int,
    default=32,
)
parser.add_argument("--amp", action="store_true")
args = parser.parse_args()
"""
DATACLASS = """\
from dataclasses import dataclass


@dataclass
class Config:
    lr: float = 3e-4
    weight_decay: float = 0.01
    precision: str = "fp16"
    shuffle: bool = False
"""
KEYWORDS = (
    "import torch\n\noptimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.999), weight_decay=0.1)\n"
)
YAML = "optimizer:\n  name: adamw\n  lr: 0.0003  # peak\ntrain:\n  batch_size: 64\n  fp16: true\n"
JSON = '{"optimizer": {"name": "sgd", "lr": 0.5, "momentum": 0.9},\n "epochs": 3}\n'
TOML = "[train]\nlr = 0.5\nschedule = 'cosine'\n"

CASES = [
    ("train.py", ARGPARSE, ("lr", 0.01, 0.003), "default=0.003, help"),
    ("train.py", ARGPARSE, ("batch_size", 32, 16), "    default=16,"),
    ("train.py", DATACLASS, ("lr", 3e-4, 1e-4), "lr: float = 0.0001"),
    ("train.py", DATACLASS, ("precision", "fp16", "bf16"), 'precision: str = "bf16"'),
    ("train.py", DATACLASS, ("shuffle", False, True), "shuffle: bool = True"),
    ("conf.yaml", YAML, ("optimizer.lr", 0.0003, 3e-5), "lr: 3e-05  # peak".replace("e-05", "e-5")),
    ("conf.yaml", YAML, ("train.fp16", True, False), "fp16: false"),
    ("conf.json", JSON, ("optimizer.lr", 0.5, 0.05), '"lr": 0.05, "momentum": 0.9'),
    ("conf.toml", TOML, ("train.schedule", "cosine", "linear"), "schedule = 'linear'"),
]


@pytest.mark.parametrize(("name", "text", "change", "line"), CASES, ids=[f"{c[0]}-{c[2][0]}" for c in CASES])
def test_a_diff_changes_the_one_literal_and_applies(
    tmp_path: Path, name: str, text: str, change: tuple[str, object, object], line: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "train.log").write_text("step 1 loss 2.0\nstep 2 loss 1.9\n")
    found = applied(tmp_path, read_run(tmp_path), [SettingChange(name=change[0], old=change[1], new=change[2])])  # type: ignore[arg-type]
    assert found is not None
    assert found.arguments == ()
    assert (tmp_path / name).read_text() == text, "user files are never changed"
    subprocess.run(["patch", "-p1", "-s"], input=found.patch, text=True, cwd=tmp_path, check=True)
    changed = (tmp_path / name).read_text()
    assert line in changed
    before, after = text.splitlines(), changed.splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_two_changes_of_one_file_are_one_diff(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(DATACLASS)
    changes = [SettingChange(name="lr", old=3e-4, new=1e-4), SettingChange(name="weight_decay", old=0.01, new=0.1)]
    found = applied(tmp_path, read_run(tmp_path), changes)
    assert found is not None
    assert found.patch is not None
    subprocess.run(["patch", "-p1", "-s"], input=found.patch, text=True, cwd=tmp_path, check=True)
    assert "lr: float = 0.0001\n    weight_decay: float = 0.1\n" in (tmp_path / "train.py").read_text()


def test_what_the_command_line_sets_is_changed_there(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    (tmp_path / "run.sh").write_text("#!/bin/bash\npython train.py --lr 0.5 --amp\n")
    found = applied(tmp_path, read_run(tmp_path), [SettingChange(name="lr", old=0.5, new=0.05)])
    assert found is not None
    assert (found.patch, found.arguments) == (None, ("--lr", "0.05"))


def test_a_default_that_the_run_did_not_use_is_overruled_by_its_option(tmp_path: Path) -> None:
    """The log says 0.5; nobody kept the command that said so."""
    (tmp_path / "train.py").write_text(ARGPARSE)
    (tmp_path / "train.log").write_text("Namespace(lr=0.5, batch_size=32, amp=False)\nstep 1 loss 2.0\n")
    found = applied(tmp_path, read_run(tmp_path), [SettingChange(name="lr", old=0.5, new=0.05)])
    assert found is not None
    assert (found.patch, found.arguments) == (None, ("--lr", "0.05"))


def test_a_setting_that_stands_nowhere_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('hello')\n")
    assert applied(tmp_path, read_run(tmp_path), [SettingChange(name="lr", old=0.5, new=0.05)]) is None


def test_another_setting_of_the_same_value_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(KEYWORDS.replace("weight_decay=0.1", "weight_decay=3e-4"))
    found = applied(tmp_path, read_run(tmp_path), [SettingChange(name="weight_decay", old=3e-4, new=0.1)])
    assert found is not None
    assert found.patch is not None
    assert (
        "+optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.999), weight_decay=0.1)"
        in found.patch
    )


def lay_down(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("copy", "line"),
    [
        ("runs/a/config.json", '(out / "config.json").write_text(json.dumps(vars(args)))'),
        ("config.json", 'json.dump(vars(args), open("config.json", "w"))'),
        ("lightning_logs/version_0/config.json", "trainer.fit(model)"),
    ],
)
def test_a_copy_that_the_run_wrote_of_its_settings_is_not_what_is_changed(tmp_path: Path, copy: str, line: str) -> None:
    """The default in the code is what counts; the copy holds the same value and nothing reads it."""
    code = f'parser.add_argument("--workers", type=int, default=8)\n{line}\n'
    lay_down(tmp_path, {"train.py": code, copy: '{"workers": 8}'})
    done = applied(tmp_path, read_run(tmp_path), [SettingChange(name="workers", old=8, new=1)])
    assert done is not None and done.patch is not None
    assert list(patched_files(done.patch)) == ["train.py"]


def test_a_file_that_the_program_reads_and_copies_is_changed(tmp_path: Path) -> None:
    code = 'cfg = json.load(open("conf/base.json"))\njson.dump(cfg, open(out / "base.json", "w"))\n'
    lay_down(tmp_path, {"train.py": code, "conf/base.json": '{"workers": 8}'})
    done = applied(tmp_path, read_run(tmp_path), [SettingChange(name="workers", old=8, new=1)])
    assert done is not None and done.patch is not None
    assert list(patched_files(done.patch)) == ["conf/base.json"]


def test_an_option_without_a_value_is_switched_on_by_its_name_alone(tmp_path: Path) -> None:
    lay_down(tmp_path, {"train.py": ARGPARSE, "train.log": "Namespace(lr=0.01, batch_size=32, amp=False)\n"})
    done = applied(tmp_path, read_run(tmp_path), [SettingChange(name="amp", old=False, new=True)])
    assert done is not None
    assert (done.patch, done.arguments) == (None, ("--amp",))
