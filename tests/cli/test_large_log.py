"""A log of 200 MB: read whole, in bounded memory, with the one error that matters found at its line."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20
# What the reader holds is bounded (10 GB in 400 MB is the aim of a later part); the libraries alone take about 250 MB.
MOST_RSS_MIB = 700
OOM = (
    "Traceback (most recent call last):\n"
    '  File "/home/u/train.py", line 88, in <module>\n'
    "    loss.backward()\n"
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.95 GiB. GPU 0 has a total capacity of 14.57 GiB of "
    "which 1.58 GiB is free. Of the allocated memory 12.07 GiB is allocated by PyTorch, and 33.93 MiB is reserved by "
    "PyTorch but unallocated.\n"
)
MEASURED = """
import pathlib, re, runpy, sys
sys.argv = ["misrun", *sys.argv[1:]]
try:
    runpy.run_module("misrun", run_name="__main__")
finally:
    # Not getrusage: its peak outlives exec, so that a child begins with that of the tests (getrusage(2), proc(5)).
    status = pathlib.Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024, file=sys.stderr)
"""


def write_log(path: Path) -> int:
    """About 200 MB of two kinds of lines and an error at the end; returns the error's line number."""
    noise = random.Random(0)
    lines = size = 0
    with path.open("w") as log:
        while size < 200 * MIB:
            lines += 1
            metric = (
                f"step {lines} | loss {2.5 / (1 + lines / 2e5):.4f} | grad_norm {noise.random() + 0.5:.3f} | lr 3.0e-04"
            )
            shard = (
                f"[worker {lines % 8}] fetched shard {noise.randrange(9999)} in {noise.random():.3f}s from the cache"
            )
            size += log.write(f"{metric if lines % 10 == 0 else shard}\n")
        log.write(OOM)
    return lines + 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_200_mb_log_is_investigated_in_bounded_memory(tmp_path: Path) -> None:
    first = write_log(tmp_path / "train.log")
    command = [sys.executable, "-c", MEASURED, "investigate", str(tmp_path), "--json", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["verdict"]["category"] == "memory_hardware"
    places = [(span["file"], span["first"]) for h in report["hypotheses"] for g in h["for"] for span in g["spans"]]
    assert ("train.log", first) in places
    assert int(done.stderr.split()[-1]) < MOST_RSS_MIB
