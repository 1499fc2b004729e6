"""One whole investigation from the command line of a run that lies among all payloads that can lie side by side, started
in its folder, as a person would: what is said, written and executed then."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_payloads import PAYLOADS
from test_hostile_files import _DATA, STORED, failed_run, listing

# These fill a folder or take their time; each is read alone in test_hostile_files.py.
_ALONE = {"thousands-of-files", "a-million-short-lines", "metrics-without-number", "code-that-goes-on", "folders-without-end",
          "notebook-of-lines-that-are-nowhere", "line-of-ten-megabytes", "brackets-and-quotes-by-the-megabyte",
          "settings-on-a-line-of-megabytes", "frames-without-end", "redrawn-for-ever", "names-that-are-not-text"}  # fmt: skip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")


def test_all_of_them_at_once(tmp_path: Path) -> None:
    run, outside, canary = tmp_path / "run", tmp_path / "outside", tmp_path / "canary"
    failed_run(run)
    outside.mkdir()
    environment = {**os.environ, "HOSTILE_CANARY": str(canary)}
    for name in STORED:
        place = run / name.removesuffix(".payload")
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(_DATA / name, place)
    # Beside the log, where Python would import them from.
    for name in ("yaml.py", "sitecustomize.py", "usercustomize.py", "conftest.py"):
        shutil.copyfile(_DATA / "code" / f"{name}.payload", run / name)
    for name, put in PAYLOADS.items():
        if name not in _ALONE:
            (run / f"made-{name}").mkdir()
            put(run / f"made-{name}", outside)
    before = listing(tmp_path)
    program = Path(sys.executable).with_name("misrun")
    done = subprocess.run(
        [str(program), "investigate", ".", "--json"],
        cwd=run,
        env=environment,
        capture_output=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
    assert not canary.exists()
    assert listing(tmp_path) == before
    assert not any(byte in done.stderr for byte in b"\x1b\x07\x08\x00")
    report = json.loads(done.stdout)
    assert report["verdict"]["mode"] != "healthy" and report["verdict"]["category"] != "healthy"
    assert report["verdict"]["mode"] == "optimization/gradient_explosion"
    assert b"PRIVATE-OUTSIDE" not in done.stdout and b"PRIVATE_OUTSIDE" not in done.stdout
