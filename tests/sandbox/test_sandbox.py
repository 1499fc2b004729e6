"""Everything a hostile run might try is contained, and the session goes on."""

import contextlib
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from misrun.tools.sandbox.sandbox import Bounds, Confined, run_confined, unavailable

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
QUICK = Bounds(seconds=20, memory_mib=512, processes=24, output_bytes=100_000, file_mib=8)


def run(folder: Path, code: str, bounds: Bounds = QUICK) -> Confined:
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / "train.py").write_text(code)
    return run_confined([sys.executable, "train.py"], project, bounds)


@pytest.fixture(autouse=True)
def still_works(tmp_path: Path) -> object:
    """After whatever was tried, an honest run works."""
    yield
    after = run(tmp_path, "print('fine')")
    assert (after.exit_code, after.output) == (0, "fine\n")


def test_an_honest_run_writes_its_folder_and_tells_its_exit_code(tmp_path: Path) -> None:
    found = run(tmp_path, "import sys\nopen('out.txt', 'w').write('x')\nprint('ok')\nsys.exit(3)")
    assert (found.exit_code, found.output, found.stopped) == (3, "ok\n", "")
    assert (tmp_path / "project" / "out.txt").read_text() == "x"


def test_a_run_that_dies_by_a_signal_tells_it_as_a_shell_does(tmp_path: Path) -> None:
    assert run(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)").exit_code == 128 + 11


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    found = run_confined(["no-such-program"], tmp_path, QUICK)
    assert found.exit_code == 127
    assert "no-such-program" in found.output


def test_a_fork_bomb_is_stopped(tmp_path: Path) -> None:
    found = run(tmp_path, "import os\nwhile True:\n    os.fork()")
    assert found.exit_code is None
    assert "processes" in found.stopped


def test_a_memory_hog_is_stopped(tmp_path: Path) -> None:
    """One process meets its own limit or the watcher, whichever is first; several small ones the bound on all of them."""
    one = run(tmp_path, "data = []\nwhile True:\n    data.append(bytearray(1 << 20))")
    assert "MiB" in one.stopped or "MemoryError" in one.output
    code = (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        data = bytearray(b'x') * (200 << 20)\n"
        "        time.sleep(30)\nos.wait()"
    )
    several = run(tmp_path, code)
    assert several.exit_code is None
    assert "MiB" in several.stopped


def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    found = run(tmp_path, "while True: pass", QUICK.model_copy(update={"seconds": 0.5}))
    assert found.exit_code is None
    assert "not finished" in found.stopped


def test_endless_output_is_stopped(tmp_path: Path) -> None:
    found = run(tmp_path, "while True: print('x' * 1000)")
    assert found.exit_code is None
    assert "printed" in found.stopped
    assert len(found.output) <= QUICK.output_bytes


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    found = run(tmp_path, "with open('big', 'wb') as f:\n    for _ in range(64): f.write(bytes(1 << 20))")
    assert found.exit_code != 0
    assert (tmp_path / "project" / "big").stat().st_size <= QUICK.file_mib << 20


@pytest.mark.enable_socket
def test_there_is_no_network_not_even_to_this_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard: list[object] = []
        server.settimeout(1.0)

        def listen() -> None:
            with contextlib.suppress(TimeoutError):
                heard.append(server.accept())

        listener = threading.Thread(target=listen)
        listener.start()
        found = run(tmp_path, f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)")
        listener.join()
    assert found.exit_code == 1
    assert heard == []
    away = run(tmp_path, "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=2)")
    assert "unreachable" in away.output


def test_processes_of_the_run_reach_each_other(tmp_path: Path) -> None:
    code = (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "client = socket.create_connection(server.getsockname())\nprint('met')"
    )
    assert run(tmp_path, code).output == "met\n"


def test_nothing_outside_the_folder_can_be_written_changed_or_removed(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    attempts = (
        f"open({str(mine)!r}, 'w')", f"open({str(tmp_path / 'new')!r}, 'w')", f"os.remove({str(mine)!r})",
        f"os.truncate({str(mine)!r}, 0)", f"os.rename({str(mine)!r}, 'taken')", f"os.mkdir({str(tmp_path / 'd')!r})",
        "open('../up.txt', 'w')",
    )  # fmt: skip
    code = "import os\n" + "".join(
        f"try:\n    {a}\n    print('DONE')\nexcept OSError as e:\n    print(e.errno)\n" for a in attempts
    )
    found = run(tmp_path, code)
    assert found.exit_code == 0
    assert "DONE" not in found.output
    assert mine.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "project"]


def test_a_symbolic_link_opens_no_way_out(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    code = f"import os\nos.symlink({str(mine)!r}, 'link')\nopen('link', 'w').write('theirs')"
    assert "PermissionError" in run(tmp_path, code).output
    assert mine.read_text() == "mine"


def test_no_process_outside_can_be_seen_or_signalled(tmp_path: Path) -> None:
    code = (
        f"import os, signal\ntry:\n    os.kill({os.getpid()}, signal.SIGTERM)\nexcept OSError as e:\n    print('kept off')\n"
        "os.kill(os.getppid(), 0)\nprint(sorted(p for p in os.listdir('/proc') if p.isdigit()))"
    )
    found = run(tmp_path, code)
    assert "kept off" in found.output
    # The launcher and the run itself.
    assert found.output.splitlines()[-1].count(",") == 1


def test_the_users_tokens_are_not_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "hf_secret" not in run(tmp_path, "import os\nprint(dict(os.environ))").output


def test_what_is_left_running_ends_with_the_run(tmp_path: Path) -> None:
    mark = "86399.125"
    code = f"import os\nif os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '{mark}'])\nprint('parent done')"
    assert run(tmp_path, code).output == "parent done\n"
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not any(mark.encode() in line for line in running)
