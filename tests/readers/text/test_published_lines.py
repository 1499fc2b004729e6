"""Every console and file format that trainers document: its lines, and the exact numbers read from them."""

import gzip
from pathlib import Path

import pytest

from misrun.tools.readers.registry import read_run

from .published_lines import SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)
def test_the_lines_that_a_program_prints_are_read_exactly(tmp_path: Path, shape: Shape) -> None:
    (tmp_path / shape.file).write_text(shape.text, encoding="utf-8", newline="")
    record = read_run(tmp_path)
    found = {(one.raw_name, one.phase): (one.steps, one.values) for one in record.series}
    for name, (steps, values) in shape.metrics.items():
        assert name in found, f"{name} is missing from {found}"
        assert found[name][0] == pytest.approx(steps), name
        assert found[name][1] == pytest.approx(values, nan_ok=True), name
    events = [(event.name, event.rank) for event in record.events if not event.secondary]
    assert [event for event in shape.events if event not in events] == [], events
    settings = {one.name: one.value for one in record.config}
    assert {name: settings.get(name) for name in shape.settings} == shape.settings
    assert shape.status in (None, record.ending.status)


def test_a_compressed_log_is_read_as_the_text_inside(tmp_path: Path) -> None:
    (tmp_path / "train.log.1.gz").write_bytes(gzip.compress(b"".join(b"step %d loss 0.5\n" % n for n in range(3))))
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    record = read_run(tmp_path)
    assert [(one.steps, one.lines, one.file) for one in record.series] == [((0, 1, 2), (1, 2, 3), "train.log.1.gz")]
    assert [skipped.file for skipped in record.skipped] == ["data.csv.gz"]


def test_a_compressed_log_that_breaks_off_keeps_its_beginning(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"step %d loss %d.5\n" % (n, n * n % 97) for n in range(9_000)))
    (tmp_path / "train.log.gz").write_bytes(whole[: len(whole) // 2])
    record = read_run(tmp_path)
    assert any("breaks off" in note for note in record.notes)
