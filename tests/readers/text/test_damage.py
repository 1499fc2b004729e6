"""Whatever stands in a file, reading it ends, keeps what is good, and numbers the lines right."""

import codecs
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.tools.readers.lines import points as points_module
from misrun.tools.readers.run_record import RunRecord

Read = Callable[[str | bytes], RunRecord]
DATA = Path(__file__).parents[2] / "data" / "text"
_STEP = b"step 7 loss 0.5\n"
_LONG = 1 << 20


def loss(record: RunRecord) -> tuple[tuple[float, ...], tuple[int, ...]]:
    best = record.best("loss", "train")
    assert best is not None
    return best.values, best.lines


def test_empty_input_gives_an_empty_record(read: Read) -> None:
    record = read(b"")
    assert (record.series, record.events, record.ending.status) == ((), (), "unknown")


@pytest.mark.parametrize(
    "content",
    [
        b"one\r\ntwo\r\nstep 7 loss 0.5\r\n",
        b"\xfa\xfb\xfe broken\n\xe9t\xe9\nstep 7 loss 0.5\n",
        b"one\ntwo\n\0\0\0\0step 7 loss 0.5\n",
        b"one\ntwo\nstep 7 loss 0.5",
        codecs.BOM_UTF8 + b"one\ntwo\nstep 7 loss 0.5\n",
        "one\ntwo\nstep 7 loss 0.5\n".encode("utf-16"),
        b"one\ntwo\n\x1b[32mstep 7\x1b[0m loss \x1b[1m0.5\x1b[0m\n",
        b"one\ntwo\n\x1b]0;title\x07step 7 loss 0.5\n",
    ],
)
def test_encodings_line_ends_and_terminal_codes(read: Read, content: bytes) -> None:
    assert loss(read(content)) == ((0.5,), (3,))


def test_carriage_returns_stay_on_one_line(read: Read) -> None:
    record = read(b"step 1 loss 3\rstep 2 loss 2\rstep 3 loss 1")
    assert loss(record) == ((3.0, 2.0, 1.0), (1, 1, 1))


def test_redrawn_line_longer_than_any_buffer(read: Read) -> None:
    parts = b"".join(b"\rstep %d loss 1.5" % step for step in range(100_000))
    record = read(b"first\n" + parts + b"\nstep 100000 loss 2.5\n")
    values, lines = loss(record)
    assert (len(values), set(lines), values[-1], lines[-1]) == (100_001, {2, 3}, 2.5, 3)


def test_line_of_a_mebibyte_keeps_head_and_tail(read: Read) -> None:
    record = read(b"step 1 loss 3 " + b"x" * _LONG + b" step\n" + _STEP)
    assert loss(record)[1][-1] == 2
    assert any("head and tail" in note for note in record.notes)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "a ",
        "=",
        "a=1, ",
        "1,",
        "1/2 ",
        "loss: 1 ",
        "{'a': 1, ",
        "'",
        '"',
        "| ",
        "[",
        "(",
        "--a ",
        "Error: ",
        "x.y(",
        ": ",
        "\t",
    ],
)
def test_repetitive_long_lines_are_read_in_linear_time(read: Read, unit: str) -> None:
    line = unit * (65_000 // len(unit))
    record = read(f"RuntimeError: {line}\npython {line} x\n{line} x\nstep 7 loss 0.5\n")
    assert any(0.5 in series.values and 4 in series.lines for series in record.series)


def test_every_prefix_of_a_log_can_be_read(read: Read) -> None:
    log = (
        b"Namespace(lr=0.1)\n  5%|#  | 1/20 [00:01<00:09, 1.0it/s, loss=0.5]\n{'loss': 2.5, 'epoch': 0.1}\n"
        b'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: bad\n'
        b"============================================================\nt.py FAILED\nRoot Cause (first observed failure):\n"
        b"  rank      : 1 (local_rank: 1)\n  exitcode  : -9 (pid: 2)\n"
    )
    for end in range(len(log)):
        read(log[:end])
    assert read(log).ending.exit_code == -9


_SAMPLES = sorted(path for path in DATA.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", _SAMPLES, ids=[path.relative_to(DATA).as_posix() for path in _SAMPLES])
def test_what_stands_deep_in_a_log_is_found_as_at_its_head(read: Read, path: Path) -> None:
    content = path.read_bytes()
    head, deep = read(content), read(b"\n" * 2_000 + content)
    assert [event.name for event in deep.events] == [event.name for event in head.events]
    assert [(series.raw_name, len(series.values)) for series in deep.series] == [
        (series.raw_name, len(series.values)) for series in head.series
    ]


def test_long_series_is_thinned_but_keeps_extremes_and_non_finite(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_module, "MAX_POINTS", 300)
    lines = [f"step {step} loss {1.0 + step % 7 / 100}" for step in range(5_000)]
    lines[2_222] = "step 2222 loss 99.5"
    lines[3_333] = "step 3333 loss nan"
    record = read("\n".join(lines))
    best = record.best("loss", "train")
    assert best is not None
    assert len(best.values) < 1_000
    assert 99.5 in best.values
    assert [step for step, value in zip(best.steps, best.values, strict=True) if math.isnan(value)] == [3_333]
    assert list(best.steps) == sorted(best.steps)
    assert any("thinned" in note for note in record.notes)


def test_many_different_names_are_bounded(read: Read) -> None:
    record = read("".join(f"sample_{letter}{number}_loss: 0.5\n" for letter in "abc" for number in range(500)))
    assert len(record.series) == points_module.MAX_SERIES
    assert record.notes
