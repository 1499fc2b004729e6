"""The chat in a pipe, so that it can be scripted: turns, plain output, files."""

import json
import subprocess
import sys
from pathlib import Path

from misrun.chat.piped import turns_of

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total capacity)"""


def piped(text: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "misrun", "chat", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )


def test_lines_are_turns_and_a_block_from_a_run_is_one() -> None:
    text = f"why?\nhow sure are you?\n\n{TRACEBACK}\n\n/step 1\n/why\n```\na\n\nb\n```\nend"
    assert list(turns_of(text.splitlines(keepends=True))) == [
        "why?",
        "how sure are you?",
        TRACEBACK,
        "/step 1",
        "/why",
        "a\n\nb",
        "end",
    ]


def test_a_piped_conversation_is_plain_text_within_80_columns(tmp_path: Path) -> None:
    script = (
        f"{TRACEBACK}\n\nwhy?\n/step 1\n/report out.json\n/report out.md\n/export talk.md\n/sessions\n/quit\nwhy?\n"
    )
    done = piped(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]
    assert done.stdout.count("> why?") == 1
    assert json.loads((tmp_path / "out.json").read_text())["verdict"]["mode"] == "memory_hardware/device_oom"
    assert (tmp_path / "out.md").read_text().startswith("# misrun")
    assert "Device oom" in (tmp_path / "talk.md").read_text()


def test_a_log_in_another_encoding_is_still_a_log(tmp_path: Path) -> None:
    log = b"step 1 loss 2.3\nstep 2 loss nan  # \xe4\xff\n\n"
    done = subprocess.run(
        [sys.executable, "-m", "misrun", "chat"], input=log, capture_output=True, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert b"NaN" in done.stdout


def test_an_empty_pipe_is_no_error(tmp_path: Path) -> None:
    done = piped("", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = piped(f"{TRACEBACK}\n\n/report no/such/folder/out.md\n", folder=tmp_path)
    assert "cannot be written" in done.stdout
    assert done.returncode == 0
