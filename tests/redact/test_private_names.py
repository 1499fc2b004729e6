"""--private: names of users, machines and folders, from the log to every form of the report."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun import investigate
from misrun.cli.app import app
from misrun.cli.output import Format, render

_NAMES = ("zuzanna", "gpu-node-07", "10.20.30.40")


def failed_run(folder: Path) -> Path:
    run = folder / "home" / "zuzanna" / "lab-x" / "exp1"
    run.mkdir(parents=True)
    lines = ["zuzanna@gpu-node-07 $ python train.py --data /home/zuzanna/lab-x/data/set.csv", "MASTER_ADDR=10.20.30.40"]
    lines += ["gpu-node-07:3412:3412 [0] NCCL INFO Bootstrap : Using eth0"]
    lines += [f"step {n} loss {2 / (n + 1)}" for n in range(40)]
    lines += ["Traceback (most recent call last):", '  File "/home/zuzanna/lab-x/exp1/train.py", line 3, in <module>', "    run()",
              "RuntimeError: gpu-node-07: cannot open /home/zuzanna/lab-x/data/set.csv for zuzanna"]  # fmt: skip
    (run / "train.log").write_text("\n".join(lines) + "\n")
    (run / "train.py").write_text("import torch\n\nrun()\n")
    return run


def test_they_are_in_no_form_of_the_report(tmp_path: Path) -> None:
    report = investigate(failed_run(tmp_path), private=("users", "hosts", "paths"))
    for style in Format:
        shown = render(report, style)
        assert [name for name in (*_NAMES, "lab-x") if name in shown] == [], style
    assert (
        "cannot open [path#" in report.characterization.symptom.value
        if report.characterization.symptom.value
        else False
    )


def test_the_page_still_shows_the_cited_lines(tmp_path: Path) -> None:
    page = render(investigate(failed_run(tmp_path), private=("paths", "users", "hosts")), Format.html)
    assert "no longer at" not in page and "cited-1" in page


def test_without_the_option_they_stay(tmp_path: Path) -> None:
    shown = render(investigate(failed_run(tmp_path)), Format.json)
    assert "zuzanna" in shown and "gpu-node-07" in shown


def test_an_unknown_word_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["investigate", str(tmp_path), "--private", "users,everything"])
    assert done.exit_code == 2 and "not everything" in done.output


def test_the_option_of_the_command_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["investigate", str(failed_run(tmp_path)), "--json", "--private", "users,paths,hosts"]
    )
    assert done.exit_code == 0, done.output
    assert [name for name in _NAMES if name in done.output] == []


@pytest.mark.parametrize("word", ["entropy"])
def test_what_looks_random_is_taken_out_on_request(tmp_path: Path, word: str) -> None:
    run = failed_run(tmp_path)
    secret = "Zq7Xw2Rt9Yb4Nm6Kp1Ls8Vd3Gf5Hj0Cx"
    log = (run / "train.log").read_text()
    (run / "train.log").write_text(log.replace("RuntimeError: ", f"RuntimeError: bad ticket {secret} "))
    assert secret in render(investigate(run), Format.json)
    assert secret not in render(investigate(run, private=(word,)), Format.json)  # type: ignore[arg-type]
