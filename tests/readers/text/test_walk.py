"""Finding the files of a run folder, and what is not read."""

import os
import socket
from pathlib import Path

import pytest

from misrun.tools.readers import walk
from misrun.tools.readers.registry import read_run, read_text

_LOG = "step 1 loss 2.0\n"


def write(root: Path, *names: str, content: str | bytes = _LOG) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_files_come_shallow_first_and_sorted(tmp_path: Path) -> None:
    write(tmp_path, "z.log", "a/deep/x.log", "b/y.log", "a.log")
    assert [file.path for file in read_run(tmp_path).files] == ["a.log", "z.log", "b/y.log", "a/deep/x.log"]


def test_environments_caches_and_version_control_are_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path,
        ".git/x.log",
        "lib/site-packages/x.log",
        "node_modules/x.log",
        "__pycache__/x.log",
        "env/x.log",
        "t.log",
    )
    write(tmp_path, "env/pyvenv.cfg", content="home = /usr")
    record = read_run(tmp_path)
    assert [file.path for file in record.files] == ["t.log"]
    assert record.skipped == ()


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write(run, "t.log", "sub/u.log")
    write(tmp_path, "secret.log")
    (run / "out.log").symlink_to(tmp_path / "secret.log")
    (run / "up").symlink_to(tmp_path)
    (run / "loop").symlink_to(run / "loop")
    (run / "gone.log").symlink_to(run / "nowhere")
    (run / "latest").symlink_to(run / "sub")
    record = read_run(run)
    assert [file.path for file in record.files] == ["t.log", "sub/u.log"]
    assert {skip.file: skip.reason.split(";")[0] for skip in record.skipped} == {
        "gone.log": "a symbolic link that is broken or loops",
        "loop": "a symbolic link that is broken or loops",
        "out.log": "a symbolic link that leaves the run folder",
        "up": "a symbolic link that leaves the run folder",
    }


def test_pipes_and_sockets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    monkeypatch.chdir(tmp_path)  # the path of a socket may have about 100 characters only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.log")
        record = read_run(tmp_path)
    assert {skip.file for skip in record.skipped} == {"pipe.log", "s.log"}
    assert record.files == ()


def test_binaries_weights_and_empty_files_are_skipped_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path, "model.pt", content=b"\x80\x02ctorch")
    write(tmp_path, "noise.dat", content=bytes(range(256)) * 40)
    write(tmp_path, "empty.log", content="")
    reasons = {skip.file: skip.reason for skip in read_run(tmp_path).skipped}
    assert reasons["empty.log"] == "empty"
    assert "never unpickled" in reasons["model.pt"]
    assert "binary" in reasons["noise.dat"]


def test_log_with_a_hole_of_zeros_is_still_text(tmp_path: Path) -> None:
    write(tmp_path, "t.log", content=_LOG.encode() * 50 + b"\0" * 4_096 + b"step 2 loss 1.0\n")
    assert [file.reader for file in read_run(tmp_path).files] == ["text log"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_skipped_and_the_others_read(tmp_path: Path) -> None:
    write(tmp_path, "a.log", "b.log")
    (tmp_path / "a.log").chmod(0)
    record = read_run(tmp_path)
    assert [file.path for file in record.files] == ["b.log"]
    assert "permissions" in record.skipped[0].reason


def test_data_set_beside_the_log_does_not_push_it_out(tmp_path: Path) -> None:
    write(tmp_path, "train.log", *(f"a/{number:04d}.txt" for number in range(walk.MAX_ALIKE_PER_FOLDER + 50)))
    record = read_run(tmp_path)
    assert record.files[0].path == "train.log"
    assert len(record.files) == walk.MAX_ALIKE_PER_FOLDER + 1
    assert len(record.skipped) == walk.MAX_NAMED_SKIPS
    assert any("30 more files" in note for note in record.notes)


def test_walk_stops_at_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_FILES", 3)
    write(tmp_path, *(f"{number}.log" for number in range(9)))
    record = read_run(tmp_path)
    assert len(record.files) == 3
    assert "only the first 3 files" in record.notes[0]


def test_names_that_are_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff.log")  # noqa: PTH118 - a Path cannot be made of bytes
    with open(path, "wb") as stream:  # noqa: PTH123
        stream.write(_LOG.encode())
    assert [file.path for file in read_run(tmp_path).files] == ["\N{REPLACEMENT CHARACTER}.log"]


def test_single_file_and_pasted_text(tmp_path: Path) -> None:
    write(tmp_path, "t.log")
    record = read_run(tmp_path / "t.log", stdin="RuntimeError: CUDA out of memory.")
    assert [file.path for file in record.files] == ["t.log", "<stdin>"]
    assert str(record.events[0].span) == "<stdin>:1"
    assert read_text(_LOG).series[0].file == "<stdin>"


def test_missing_path_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "nothing")


def test_device_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a folder nor a regular file"):
        read_run(Path("/dev/null"))


def test_crash_in_one_log_outranks_the_finished_start_of_another(tmp_path: Path) -> None:
    write(tmp_path, "a.log", content="step 10 loss 1.0\nTraining complete.\n")
    write(tmp_path, "b.log", content='Traceback (most recent call last):\n  File "t.py", line 1, in f\nValueError: x\n')
    ending = read_run(tmp_path).ending
    assert (ending.status, ending.last_step, str(ending.spans[0])) == ("crashed", 10, "b.log:1-3")


def test_rank_of_a_log_is_told_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "attempt_0/3/stderr.log", "log-rank2.txt", "ranking.txt")
    assert {series.file: series.rank for series in read_run(tmp_path).series} == {
        "attempt_0/3/stderr.log": 3,
        "log-rank2.txt": 2,
        "ranking.txt": None,
    }
