"""When lines were printed, in every form that programs and launchers stamp them."""

from datetime import UTC, datetime

import pytest

from misrun.tools.readers.lines.stamps import Clock, comparable, stamp


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("2026-05-02 10:11:12,345 INFO step 3", (2026, 5, 2, 10, 11, 12, 345000)),
        ("[2026-05-02 10:11:12,345] [INFO] [launch.py:315] x", (2026, 5, 2, 10, 11, 12, 345000)),
        ("2026-05-02T10:11:12.5Z stdout F x", (2026, 5, 2, 10, 11, 12, 500000)),
        ("  time      : 2026-11-20_04:15:34", (2026, 11, 20, 4, 15, 34, 0)),
        ("03/12/2024 11:24:33 - INFO - x", (2024, 3, 12, 11, 24, 33, 0)),
        ("E0419 10:42:28.858931 7255 torch/distributed/x.py:1002] failed", (1972, 4, 19, 10, 42, 28, 858931)),
        ("[rank0]:[E401 10:00:00.100000001 ProcessGroupNCCL.cpp:1664] x", (1972, 4, 1, 10, 0, 0, 100000)),
        ("11/20 04:19:29 - mmengine - INFO - x", (1972, 11, 20, 4, 19, 29, 0)),
        ("Feb 29 10:42:28 node07 slurmstepd[99]: x", (1972, 2, 29, 10, 42, 28, 0)),
        ("[10:00:33.500000] Epoch: [3]", (1970, 1, 1, 10, 0, 33, 500000)),
    ],
)
def test_stamps(line: str, moment: tuple[int, ...]) -> None:
    year, month, day, hour, minute, second, micro = moment
    whole = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    assert stamp(line) == pytest.approx(whole.timestamp(), abs=1e-4)


@pytest.mark.parametrize("line", ["step 3 loss 2.1", "eta: 0:31:02 iter: 419", "99/99 10:00:00 x", "took 1:02:03"])
def test_lines_without_a_stamp(line: str) -> None:
    assert stamp(line) is None


def test_stamps_are_compared_in_what_all_of_them_tell() -> None:
    full, dated, clock = (stamp(x) for x in ("2026-05-02 10:00:00 a", "E0502 10:00:05.0 b", "[10:00:09] c"))
    assert full is not None
    assert dated is not None
    assert clock is not None
    assert comparable([full, full + 3])[1] - comparable([full, full + 3])[0] == 3
    assert comparable([full, dated])[1] - comparable([full, dated])[0] == 5
    assert comparable([full, dated, clock]) == [36_000, 36_005, 36_009]


def test_a_line_without_a_stamp_takes_the_one_before_it() -> None:
    clock = Clock()
    clock.block(1, [b"2026-05-02 10:00:00 a", b"Traceback"])
    assert clock.at(2) == stamp("2026-05-02 10:00:00 a")
    clock.block(3, [b"ValueError: x", b"2026-05-02 10:00:07 b"])
    assert (clock.at(3), clock.at(4)) == (stamp("2026-05-02 10:00:00 a"), stamp("2026-05-02 10:00:07 b"))
    assert clock.end() == stamp("2026-05-02 10:00:07 b")
