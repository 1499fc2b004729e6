"""Whatever a file was damaged into: no exception, no mistake of ours hidden as damage, and nothing slow."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.reader import Source
from misrun.tools.readers.registry import read_run, readers

DATA = Path(__file__).parents[2] / "data" / "structured"
SAMPLES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix not in (".log", ".txt"))
# Names that ValidationError and like carry: they would mean that a reader built a record wrongly.
OURS = ("ValidationError", "KeyError", "IndexError", "TypeError", "AttributeError")


def damaged(content: bytes, seed: str) -> Iterator[bytes]:
    """Cuts at several places, flipped bytes, a doubled middle, NULs."""
    chance = random.Random(seed)
    for share in (0.02, 0.3, 0.6, 0.95):
        yield content[: max(1, int(len(content) * share))]
    yield content[:-1] or b"x"
    for flips in (1, 3, 20):
        changed = bytearray(content)
        for _ in range(flips):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)
    middle = len(content) // 2
    yield content[:middle] * 2 + content[middle:]
    yield content[:middle] + b"\0" * 50 + content[middle:]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.relative_to(DATA).as_posix())
def test_a_damaged_file_never_stops_the_reading(sample: Path, tmp_path: Path) -> None:
    content = sample.read_bytes()
    for number, changed in enumerate(damaged(content, sample.name)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / sample.name).write_bytes(changed)
        (folder / "other.csv").write_text("step,other_loss\n1,0.5\n")
        run = read_run(folder)
        assert any(series.raw_name == "other_loss" for series in run.series)
        assert not [note for note in run.notes if any(name in note for name in OURS)]


def test_no_reader_raises_while_sniffing(tmp_path: Path) -> None:
    chance = random.Random(7)
    names = ("a.json", "a.jsonl", "a.csv", "a.yaml", "a.toml", "a.ini", "a.sh", "a.py", "a.ipynb", "a.wandb", "meta.yaml",
             "events.out.tfevents.1", "error.json", "metrics/loss", "requirements.txt", "debug.log", "noname")  # fmt: skip
    heads = (
        b"",
        b"{",
        b"[",
        b"#{",
        b":W&B",
        b"SQLite format 3\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"step,loss\n",
        b"---\n",
    )
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        for head in heads:
            path.write_bytes(head + chance.randbytes(200))
            source = Source(path, name)
            for reader in readers():
                assert reader.sniff(source) in (True, False)


def test_a_huge_single_line_is_read_or_passed_over_without_error(tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl", "a.csv", "a.yaml", "a.toml", "a.ini", "a.sh", "a.py", "requirements.txt"):
        (tmp_path / name).write_text("{" + 'a:=,-["' * 30_000)
    run = read_run(tmp_path)
    assert run.series == ()


def test_reading_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    for sample in SAMPLES:
        (tmp_path / f"{len(list(tmp_path.iterdir()))}-{sample.name}").write_bytes(sample.read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    run = RunBuilder("x")
    for path in sorted(tmp_path.iterdir()):
        source = Source(path, path.name)
        next(reader for reader in readers() if reader.sniff(source)).read(source, run)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
