import hashlib

import pytest

from .record_views import Read, settings, where

SCRIPT = """import argparse, torch
from dataclasses import dataclass

BATCH = 32
lr, wd = 3e-4, 0.1
STEPS = 1000 * 2
config = {"dim": 64, "opt": {"name": "adam", "lr": 1e-3}}
device = torch.device("cuda")
__version__ = "1"


@dataclass
class Settings:
    layers: int = 4
    names: list = None


class Model(torch.nn.Module):
    kind = "not a setting"


parser = argparse.ArgumentParser()
parser.add_argument("-b", "--batch-size", type=int, default=16)
parser.add_argument("--data", default=compute())


def main():
    width = 5
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95))
    arguments = TrainingArguments(
        output_dir="out",
        learning_rate=5e-5,
    )
"""


def test_literals_of_a_script_are_settings_with_their_lines(read: Read) -> None:
    run = read({"train.py": SCRIPT})
    assert settings(run) == {
        "BATCH": 32, "lr": 3e-4, "wd": 0.1, "STEPS": 2000, "config.dim": 64, "config.opt.name": "adam", "config.opt.lr": 1e-3,
        "Settings.layers": 4, "Settings.names": None, "batch_size": 16, "AdamW.lr": 1e-3, "AdamW.betas": (0.9, 0.95),
        "TrainingArguments.output_dir": "out", "TrainingArguments.learning_rate": 5e-5, "constructed.optimizer": "AdamW",
    }  # fmt: skip
    lines = SCRIPT.split("\n")
    for name, text in (
        ("BATCH", "BATCH = 32"),
        ("batch_size", "default=16"),
        ("TrainingArguments.learning_rate", "5e-5"),
    ):
        assert text in lines[int(where(run)[name].rpartition(":")[2]) - 1]
    assert {value.origin for value in run.config} == {"code"}


def test_code_is_listed_with_its_hash(read: Read) -> None:
    (code,) = read({"pkg/model.py": "x = 1\ny = 2"}).code
    assert (code.path, code.lines) == ("pkg/model.py", 2)
    assert code.sha256 == hashlib.sha256(b"x = 1\ny = 2").hexdigest()


def test_code_that_does_not_parse_is_still_listed(read: Read) -> None:
    run = read({"train.py": "lr = 1\nprint 'old'\n", "ok.py": "lr = 2\n", "nul.py": "x = 1\n" + "(" * 5000})
    assert {code.path for code in run.code} == {"train.py", "ok.py", "nul.py"}
    assert settings(run) == {"lr": 2}
    assert any(note.startswith("train.py:2: not valid Python") for note in run.notes)


def test_arithmetic_that_explodes_is_no_setting(read: Read) -> None:
    run = read(
        {
            "a.py": "A = 9 ** 9 ** 9 ** 9\nB = 2 ** 10\nC = 1 / 0\nD = 10 ** -4\n",
            "deep.py": "E = " + "1 * " * 20_000 + "1\n",
        }
    )
    assert settings(run) == {"B": 1024, "D": 1e-4}
    assert [code.path for code in run.code] == ["a.py", "deep.py"]


def test_loops_over_epochs_and_steps_tell_the_planned_length(read: Read) -> None:
    run = read(
        {
            "a.py": "for epoch in range(25):\n    for step in range(50):\n        pass\n",
            "b.py": "for step in tqdm(range(1, 301)):\n    pass\n",
            "c.py": "for epoch in range(5, 30):\n    pass\nfor epoch in range(n):\n    pass\nfor i in range(9):\n    pass\n",
        }
    )
    assert [(value.name, value.value, str(value.span)) for value in run.config] == [
        ("range.epochs", 25, "a.py:1"),
        ("range.steps", 300, "b.py:1"),
    ]


@pytest.mark.parametrize(
    ("code", "optimizer"),
    [
        ("opt = torch.optim.SGD(net.parameters(), lr=args.lr)", "SGD"),
        ("from torch.optim import AdamW\nopt = AdamW(params)", "AdamW"),
        ("g = optim.Adam(a)\nd = optim.Adam(b)", "Adam"),
        ("tx = optax.adamw(1e-3)", "adamw"),
        ("model.compile(optimizer=tf.keras.optimizers.RMSprop(1e-3))", "RMSprop"),
    ],
)
def test_the_only_optimizer_that_the_code_constructs_is_a_setting(read: Read, code: str, optimizer: str) -> None:
    run = read({"train.py": code})
    found = run.setting("optimizer")
    assert found is not None
    assert (found.value, found.origin) == (optimizer, "code")


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "opt = optim.SGD(p) if args.sgd else optim.Adam(p)"},
        {"a.py": "opt = optim.SGD(p)", "b.py": "opt = optim.Adam(p)"},
        {"a.py": "s = torch.optim.lr_scheduler.StepLR(opt, 5)\nclass Mine(torch.optim.Optimizer):\n    pass"},
    ],
)
def test_several_or_no_optimizers_leave_the_setting_out(read: Read, files: dict[str, str]) -> None:
    assert read(files).setting("optimizer") is None
