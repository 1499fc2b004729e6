"""A run followed while it is written: each thing is said once, when it shows; the end ends the watch."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.cli.app import app
from misrun.cli.watch import follow
from misrun.tools.signals.precursor_outcomes import precursor_outcomes
from misrun.watch.watcher import Notice, Watcher


class Run:
    """A log that grows a piece at a time, and a clock that moves only when it is waited for."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "train.log"
        self.log.write_text("")
        self.now = 0.0
        self.pieces: list[str | None] = []

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.pieces and (piece := self.pieces.pop(0)) is not None:
            with self.log.open("a") as stream:
                stream.write(piece)

    def watched(self, stale: float = 600.0, stop: bool = False, looks: int = 50) -> list[Notice]:
        told: list[Notice] = []
        watcher = Watcher(self.log.parent, lambda: self.now, stale)

        def wait(seconds: float) -> None:
            nonlocal looks
            looks -= 1
            if looks <= 0:
                raise KeyboardInterrupt
            self.wait(10.0)

        with suppress(KeyboardInterrupt):
            follow(watcher, 10.0, told.append, stop=stop, once=False, wait=wait)
        return told


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def lines(first: int, last: int, loss: Callable[[int], float | str], norm: Callable[[int], float]) -> str:
    return "".join(f"step {i} loss: {loss(i)} grad_norm: {norm(i):.4f} lr: 0.001\n" for i in range(first, last, 10))


def falling(i: int) -> str:
    return f"{2.0 / (1 + i / 100):.4f}"


def test_nothing_is_said_of_a_run_that_does_well(run: Run) -> None:
    run.pieces = [lines(k * 100, (k + 1) * 100, falling, lambda i: 1.0 + 0.1 * (i % 30 == 0)) for k in range(8)]
    assert [n for n in run.watched(looks=12) if n.warns] == []


def test_a_nan_is_told_once_with_its_place_and_the_end_ends_the_watch(run: Run) -> None:
    run.pieces = [
        lines(0, 400, falling, lambda i: 1.0),
        lines(400, 500, lambda i: "nan", lambda i: float("nan")),
        lines(500, 600, lambda i: "nan", lambda i: float("nan")),
        'Traceback (most recent call last):\n  File "train.py", line 9, in <module>\n    main()\nRuntimeError: loss is nan\n',
    ]
    told = run.watched()
    assert [n.text.count("becomes NaN at step 400") for n in told if n.kind == "sign"].count(1) >= 1
    assert sum("Training loss becomes NaN" in n.text for n in told if n.kind == "sign") == 1
    assert any("train.log:41" in n.places for n in told)
    verdict = next(n for n in told if n.kind == "verdict")
    assert verdict.mode.startswith("optimization/") and verdict.warns and verdict.step == 490
    assert told[-1].kind == "ended" and told[-1].warns


def test_silence_is_told_once_after_the_time_given(run: Run) -> None:
    run.pieces = [
        lines(0, 200, falling, lambda i: 1.0),
        *[None] * 20,
        lines(200, 300, falling, lambda i: 1.0),
        *[None] * 20,
    ]
    told = [n for n in run.watched(stale=100.0) if n.kind == "silence"]
    assert len(told) == 2
    assert "py-spy" in told[0].advice


def test_what_is_not_logged_is_advised(run: Run) -> None:
    run.pieces = ["".join(f"step {i} loss: {2 ** (i / 40):.4f}\n" for i in range(0, 600, 10))]
    warned = [n for n in run.watched(looks=4) if n.warns and n.kind == "sign"]
    assert warned and "grad_norm" in warned[0].advice


def test_stop_ends_at_the_first_verdict(run: Run) -> None:
    run.pieces = [
        lines(0, 400, falling, lambda i: 1.0),
        lines(400, 500, lambda i: "nan", lambda i: float("nan")),
        "more\n",
    ]
    told = run.watched(stop=True)
    assert told[-1].kind == "verdict"


def test_once_says_what_there_is_with_exit_code_one_and_runs_the_hook(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(
        lines(0, 400, falling, lambda i: 1.0) + lines(400, 500, lambda i: "nan", lambda i: 1.0)
    )
    kept = tmp_path.parent / "told.txt"
    hook = f"{sys.executable} -c \"import os; open({str(kept)!r}, 'a').write(os.environ['MISRUN_KIND'] + '\\n')\""
    done = CliRunner().invoke(app, ["watch", str(tmp_path), "--once", "--json", "--exec", hook])
    assert done.exit_code == 1
    notices = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"sign", "verdict"} <= {notice["kind"] for notice in notices}
    assert kept.read_text().split() == [notice["kind"] for notice in notices if notice["warns"]]


def test_a_hook_that_cannot_be_run_is_told_and_the_watch_goes_on(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n")
    done = CliRunner().invoke(app, ["watch", str(tmp_path), "--once", "--exec", "/no/such/program"])
    assert done.exit_code == 1
    assert "/no/such/program" in done.stderr
    assert "device oom" in done.stdout


def test_a_missing_path_says_what_to_give(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["watch", str(tmp_path / "none")])
    assert done.exit_code == 2


def test_the_table_of_outcomes_counts_no_more_failures_than_runs() -> None:
    table = precursor_outcomes()
    assert table
    for name, row in table.items():
        assert 0 <= row.failed <= row.runs and len(row.steps) == row.failed, name
