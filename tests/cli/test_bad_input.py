"""Input that cannot be investigated: a clear message, exit code 2, no traceback, nothing changed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest


def misrun(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "misrun", *arguments], input=stdin, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Asserts a refusal in words and returns them."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def fingerprint(folder: Path) -> dict[str, tuple[str, float]]:
    return {
        str(p.relative_to(folder)): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    said = refused(misrun("investigate", str(tmp_path / "nowhere")))
    assert "does not exist" in said


def test_an_empty_folder_says_what_to_supply(tmp_path: Path) -> None:
    said = refused(misrun("investigate", str(tmp_path)))
    assert "Supply the console log" in said


def test_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "train.log").touch()
    said = refused(misrun("investigate", str(tmp_path)))
    assert "train.log: empty" in said


def test_a_binary_file(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(os.urandom(4096))
    said = refused(misrun("investigate", str(tmp_path)))
    assert "weights.bin" in said
    assert "binary" in said


def test_empty_standard_input() -> None:
    assert "standard input is empty" in refused(misrun("investigate", "-", stdin=b" \n"))


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root reads everything; permissions cannot refuse it"
)
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    said = refused(misrun("investigate", str(locked)))
    assert "may not be read" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a POSIX thing")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a folder nor a regular file" in refused(misrun("investigate", str(tmp_path / "pipe")))


def test_neither_run_nor_session() -> None:
    assert "--resume" in refused(misrun("investigate"))


def test_an_unknown_session() -> None:
    assert "no session" in refused(misrun("investigate", "--resume", "00000000"))


def test_invalid_utf8_is_investigated_and_the_folder_stays_as_it_was(tmp_path: Path) -> None:
    lines = b"".join(b"step %d loss %.3f\xff\xfe caf\xe9\n" % (i, 2.0 / (i + 1)) for i in range(40))
    (tmp_path / "train.log").write_bytes(lines + b"step 40 loss nan\n")
    before = fingerprint(tmp_path)
    done = misrun("investigate", str(tmp_path), "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    assert '"train.log"' in done.stdout
    assert fingerprint(tmp_path) == before


def test_out_may_not_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("step 1 loss 2.0\nstep 2 loss nan\n")
    assert "is a folder" in refused(misrun("investigate", str(tmp_path / "train.log"), "--out", str(tmp_path)))


def test_a_folder_that_may_not_be_read_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for root, who reads everything: the refusal comes from the file system call itself."""
    from misrun import investigate
    from misrun.agents.request import InvestigationError
    from misrun.tools.readers import registry

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(registry, "run_files", refuse)
    with pytest.raises(InvestigationError, match="may not be read by this user"):
        investigate(tmp_path)
